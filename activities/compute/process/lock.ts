import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PlatformError } from "../../../domain/errors.ts";
import { processTable } from "./process-table.ts";
import { isAlive } from "./stop-process.ts";

const RETRY_MIN_MS = 5;
const RETRY_SPREAD_MS = 25;

/**
 * Runs `work` while nobody else, in this process or another, holds the lock `name` of the folder. Each contender
 * announces itself by a file of its own, which names its process, and holds the lock when it then sees no other
 * living one: of two contenders the later looks after both have announced. The file of a dead process counts for
 * nothing, and since no file name is used twice, removing one can never remove the lock of somebody else.
 * Throws `transient` when the lock is not free within `timeoutMs`.
 */
export async function withLock<T>(
  folder: string,
  name: string,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await ownFile(name);
  const deadline = Date.now() + timeoutMs;
  while (!(await acquire(folder, name, file))) {
    if (Date.now() > deadline)
      throw new PlatformError("transient", { detail: `another launch or end of ${name} is under way` });
    await delay(RETRY_MIN_MS + Math.random() * RETRY_SPREAD_MS);
  }
  try {
    return await work();
  } finally {
    await rm(join(folder, file), { force: true });
  }
}

async function ownFile(name: string): Promise<string> {
  const own = await processTable.find(process.pid);
  if (own === undefined) throw new Error("the own process is not in the process table");
  return [name, own.pid, own.startTicks, randomBytes(8).toString("hex")].join(".");
}

async function acquire(folder: string, name: string, file: string): Promise<boolean> {
  if (await isHeldByAnother(folder, name, file)) return false;
  await (await open(join(folder, file), "wx", 0o600)).close();
  if (!(await isHeldByAnother(folder, name, file))) return true;
  await rm(join(folder, file));
  return false;
}

async function isHeldByAnother(folder: string, name: string, own: string): Promise<boolean> {
  for (const file of await readdir(folder)) {
    const [holder, pid, startTicks] = file.split(".");
    if (holder !== name || file === own || startTicks === undefined) continue;
    if (await isAlive({ pid: Number(pid), startTicks })) return true;
    await rm(join(folder, file), { force: true });
  }
  return false;
}
