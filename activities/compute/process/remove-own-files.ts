import { lstat, opendir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * A script, run as the user whose files it removes: `remove-own-files.ts <folder> …`. As that user it can do no more
 * harm than the user itself could, whatever other users of the folders change meanwhile.
 *
 * Another user's folder may hold files of ours too, so those that let us in are looked through to a bounded depth.
 */
const DEPTH_MAX = 4;
const ENTRIES_MAX = 100_000;

const ownUid = process.getuid?.();
let entriesLeft = ENTRIES_MAX;

async function clear(folder: string, depth: number): Promise<void> {
  try {
    for await (const { name } of await opendir(folder)) {
      entriesLeft -= 1;
      if (entriesLeft < 0) return;
      await clearEntry(join(folder, name), depth);
    }
  } catch {
    // Not there on this system, gone meanwhile, or closed to us: then it is closed to what we would have to remove.
  }
}

async function clearEntry(path: string, depth: number): Promise<void> {
  try {
    const entry = await lstat(path);
    if (entry.uid === ownUid) await rm(path, { recursive: true, force: true });
    else if (entry.isDirectory() && depth < DEPTH_MAX) await clear(path, depth + 1);
  } catch {
    // Gone meanwhile, or in a folder of somebody who does not let us remove it; the rest goes on.
  }
}

for (const folder of process.argv.slice(2)) await clear(folder, 1);
