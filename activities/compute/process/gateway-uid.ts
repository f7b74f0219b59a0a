import { mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "./lock.ts";

/** More instances than one machine runs. */
const RANGE = 1_000;
/** The link whose target is the id that was given last. */
const LAST = "last";
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Gives each instance a user id of its own for the model's gateway, from `base` up, and the same one at every start
 * on its volume, whose files belong to it. An id is taken by making the link `<folder>/<uid>` to the instance's name.
 * One that was given back is given again only after all others, because something of its former owner may be left.
 */
export async function takeUid(folder: string, name: string, base: number): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [held] = await uidsOf(folder, name);
  if (held !== undefined) return held;
  return withLock(join(folder, ".locks"), "uids", LOCK_TIMEOUT_MS, async () => {
    const last = Number(await target(join(folder, LAST)));
    const isInRange = last >= base && last < base + RANGE;
    const first = isInRange ? last + 1 - base : 0;
    for (let step = 0; step < RANGE; step += 1) {
      const uid = base + ((first + step) % RANGE);
      if ((await target(join(folder, String(uid)))) !== undefined) continue;
      await rm(join(folder, `${LAST}.new`), { force: true });
      await symlink(String(uid), join(folder, `${LAST}.new`));
      await rename(join(folder, `${LAST}.new`), join(folder, LAST));
      await symlink(name, join(folder, String(uid)));
      return uid;
    }
    throw new RangeError(`all ${RANGE} user ids are taken`);
  });
}

export async function releaseUid(folder: string, name: string): Promise<void> {
  for (const uid of await uidsOf(folder, name)) await rm(join(folder, String(uid)));
}

/** The ids that the instance holds: none or one. */
export async function uidsOf(folder: string, name: string): Promise<readonly number[]> {
  const uids: number[] = [];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(folder)) {
    if (/^\d+$/.test(entry) && (await target(join(folder, entry))) === name) uids.push(Number(entry));
  }
  return uids;
}

/** Undefined when there is no such link, or when another instance has just given the id back. */
async function target(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
