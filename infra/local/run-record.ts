import { execFile } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { identify, type ProcessIdentity } from "./process-identity.ts";

const POLL_MS = 100;

type RunningPart = ProcessIdentity & { readonly name: string };

/** The file that lists the process groups of a stack, so that the next start can end what a crash left behind. */
export type RunRecord = {
  add(name: string, pid: number): Promise<void>;
  remove(pid: number): Promise<void>;
};

export function openRunRecord(file: string): RunRecord {
  let parts: readonly RunningPart[] = [];
  let last: Promise<void> = Promise.resolve();
  // Written one after another, each whole: a reader never sees half a list.
  const save = (): Promise<void> => {
    last = last.then(async () => {
      await writeFile(`${file}.partial`, JSON.stringify(parts, null, 2), { mode: 0o600 });
      await rename(`${file}.partial`, file);
    });
    return last;
  };
  return {
    async add(name, pid) {
      const identity = await identify(pid);
      if (!identity) return;
      parts = [...parts, { name, ...identity }];
      await save();
    },
    async remove(pid) {
      parts = parts.filter((part) => part.pid !== pid);
      await save();
    },
  };
}

/**
 * Ends what an earlier run left behind: first its guardians get `graceMs` to finish by themselves, then the groups are
 * killed. A pid that now belongs to another process is left alone. Returns the names of what had to be ended.
 */
export async function endLeftovers(file: string, graceMs: number): Promise<readonly string[]> {
  const left: RunningPart[] = [];
  for (const part of await readParts(file)) if (await isOurs(part)) left.push(part);
  for (const { pid } of left) signalGroup(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  for (const part of left) {
    while (await isOurs(part)) {
      if (Date.now() > deadline) signalGroup(part.pid, "SIGKILL");
      await delay(POLL_MS);
    }
  }
  return left.map(({ name }) => name);
}

/**
 * As long as a group has members, the kernel gives its number to no new process. So a group whose leader is gone is
 * still the one recorded, and one whose leader started at another time is not.
 */
async function isOurs(part: RunningPart): Promise<boolean> {
  const leader = await identify(part.pid);
  return leader ? leader.startTime === part.startTime : hasMembers(part.pid);
}

/** Zombies do not count: they end when their parent looks, which nobody can hasten. */
async function hasMembers(group: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pgid=,stat="]);
  return stdout.split("\n").some((line) => {
    const [pgid, stat = "Z"] = line.trim().split(/\s+/);
    return Number(pgid) === group && !stat.startsWith("Z");
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // The group ended meanwhile.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function readParts(file: string): Promise<readonly RunningPart[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw error;
  });
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every(isPart))
    throw new Error(`${file} is not a list of processes; remove it`);
  return value;
}

function isPart(value: unknown): value is RunningPart {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "pid" in value &&
    typeof value.pid === "number" &&
    Number.isSafeInteger(value.pid) &&
    value.pid > 1 &&
    "startTime" in value &&
    typeof value.startTime === "string"
  );
}
