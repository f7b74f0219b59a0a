import { mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";

/** More instances than one machine runs. */
const RANGE = 1_000;

/**
 * Gives each instance a user id of its own for the model's gateway, from `base` up, and the same one at every start
 * on its volume, whose files belong to it. An id is taken by making the link `<folder>/<uid>` to the instance's name.
 */
export async function takeUid(folder: string, name: string, base: number): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const owned = await uidsOf(folder, name);
  const [first] = owned;
  if (first !== undefined) return first;
  for (let uid = base; uid < base + RANGE; uid += 1) {
    if (await linked(join(folder, String(uid)), name)) return uid;
  }
  throw new RangeError(`all ${RANGE} user ids are taken`);
}

export async function releaseUid(folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const uid of await uidsOf(folder, name)) await rm(join(folder, String(uid)));
}

async function uidsOf(folder: string, name: string): Promise<number[]> {
  const uids: number[] = [];
  for (const entry of await readdir(folder)) {
    if ((await target(join(folder, entry))) === name) uids.push(Number(entry));
  }
  return uids;
}

/** Undefined when another instance has just given the id back. */
async function target(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function linked(path: string, name: string): Promise<boolean> {
  try {
    await symlink(name, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
