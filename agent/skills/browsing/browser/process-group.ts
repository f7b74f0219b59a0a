import { readdir, readFile } from "node:fs/promises";

const POLL_MS = 50;

/** Sends SIGKILL to every process of a group. */
export function killGroup(group: number): void {
  signalGroup(group, "SIGKILL");
}

/** Resolves when no process of the group runs any more, or after `timeoutMs`; true in the first case. */
export async function groupEnds(group: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (!(await isAlive(group))) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Bytes of memory that the processes of a group have for themselves or share among each other; what they have mapped from
 * files, as their program, is left out. 0 where there is no /proc.
 */
export async function groupMemoryBytes(group: number): Promise<number> {
  const members = await membersOf(group);
  const sizes = await Promise.all((members ?? []).map(memoryOf));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function isAlive(group: number): Promise<boolean> {
  const members = await membersOf(group);
  return members === undefined ? signalGroup(group, 0) : members.length > 0;
}

/** False when there is none. */
function signalGroup(group: number, signal: "SIGKILL" | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

/** Process ids, without those that only wait for their parent to take note; undefined where there is no /proc. */
async function membersOf(group: number): Promise<number[] | undefined> {
  let names: string[];
  try {
    names = await readdir("/proc");
  } catch {
    // Not Linux.
    return undefined;
  }
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const isMember = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readProc(pid, "stat");
      // The command's name may contain anything, so fields are counted from the last parenthesis on.
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(pgrp) === group && state !== "Z";
    }),
  );
  return pids.filter((_, index) => isMember[index]);
}

async function memoryOf(pid: number): Promise<number> {
  const status = await readProc(pid, "status");
  const kilobytes = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB/gm)].map(([, amount]) =>
    Number(amount),
  );
  return kilobytes.reduce((sum, amount) => sum + amount, 0) * 1_024;
}

async function readProc(pid: number, file: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
