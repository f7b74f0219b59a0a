import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type RunRecord, writeRun } from "./run-record.ts";

/** A folder of the root that is an instance's; what starts with a dot is the driver's own. */
const NAME = /^[a-z0-9-]{1,32}$/;
/** A folder that is being made or removed: `.new.<name>.<random>`, `.removing.<name>.<random>`. */
const PASSING = /^\.(?:new|removing)\.([a-z0-9-]{1,32})\.[0-9a-f]+$/;

export interface InstancePaths {
  folder: string;
  /** The instance's volume. */
  state: string;
  stdout: string;
  log: string;
}

export function instancePaths(rootDir: string, name: string): InstancePaths {
  const folder = join(rootDir, name);
  return {
    folder,
    state: join(folder, "state"),
    stdout: join(folder, "stdout"),
    log: join(folder, "agent.log"),
  };
}

/**
 * Records a launch. A new folder appears with its record and its empty volume at once; `mode` is the folder's, the
 * volume is 0700.
 */
export async function recordLaunch(
  rootDir: string,
  name: string,
  run: RunRecord,
  mode: number,
): Promise<void> {
  if (await hasFolder(rootDir, name)) return writeRun(join(rootDir, name), run);
  await removePassing(rootDir, name);
  const passing = join(rootDir, `.new.${name}.${randomBytes(6).toString("hex")}`);
  await mkdir(passing, { mode });
  await mkdir(join(passing, "state"), { mode: 0o700 });
  await writeRun(passing, run);
  await rename(passing, join(rootDir, name));
}

export async function hasFolder(rootDir: string, name: string): Promise<boolean> {
  return (await entries(rootDir)).includes(name);
}

/** The folder disappears at once, and then what was in it. */
export async function removeFolder(rootDir: string, name: string): Promise<void> {
  if (await hasFolder(rootDir, name)) {
    const passing = `.removing.${name}.${randomBytes(6).toString("hex")}`;
    await rename(join(rootDir, name), join(rootDir, passing));
  }
  await removePassing(rootDir, name);
}

async function removePassing(rootDir: string, name: string): Promise<void> {
  for (const entry of await entries(rootDir))
    if (PASSING.exec(entry)?.[1] === name) await rm(join(rootDir, entry), { recursive: true });
}

/** Names of all instances that hold something here, those included whose removal was broken off. */
export async function listNames(rootDir: string): Promise<readonly string[]> {
  const names = (await entries(rootDir)).map((entry) =>
    NAME.test(entry) ? entry : PASSING.exec(entry)?.[1],
  );
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

async function entries(rootDir: string): Promise<readonly string[]> {
  try {
    return await readdir(rootDir);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
