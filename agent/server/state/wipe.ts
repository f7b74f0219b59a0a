import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fsyncPath } from "./durable-file.ts";
import type { StatePaths } from "./paths.ts";

/** Overwrites a small file in place and removes it. */
function shred(path: string): void {
  if (!existsSync(path)) return;
  const handle = openSync(path, "r+");
  try {
    writeSync(handle, randomBytes(statSync(path).size), 0, undefined, 0);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  rmSync(path);
}

/**
 * Ends the state: first the identity file with the salt of every key, so that whatever is left on the disk is
 * unreadable from then on; then every file but the tombstone. May be repeated at any point.
 */
export function wipe(paths: StatePaths): void {
  if (!existsSync(paths.root)) return;
  shred(paths.identity);
  shred(`${paths.identity}.new`);
  fsyncPath(paths.root);
  for (const name of readdirSync(paths.root)) {
    const path = join(paths.root, name);
    if (path !== paths.tombstone) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
  fsyncPath(paths.root);
}
