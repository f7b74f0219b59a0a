import { readdirSync, readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";

/** What `/proc` says of one process. */
interface ProcessFacts {
  pid: number;
  uid: number;
  group: number;
  /** Ticks since the machine's boot: with the pid it names a process for good. */
  startedAt: string;
  rssBytes: number;
}

/** undefined when the process has ended or the system has no `/proc`. */
function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    // The command's name may contain anything, so fields are counted from the last parenthesis on.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
    if (fields[0] === "Z") return undefined;
    return {
      pid,
      uid,
      group: Number(fields[2]),
      startedAt: fields[19] ?? "",
      rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
    };
  } catch {
    // It ended while it was being read, or there is no /proc here.
    return undefined;
  }
}

function listProcesses(): ProcessFacts[] {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    // No /proc (macOS): only the process group is known.
    return [];
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? (factsOf(Number(name)) ?? []) : []));
}

/** Memory of all processes of a group, or undefined where it cannot be read. */
export function groupRssBytes(group: number): number | undefined {
  const members = listProcesses().filter((process) => process.group === group);
  return members.length === 0 ? undefined : members.reduce((sum, process) => sum + process.rssBytes, 0);
}

function kill(target: number): void {
  try {
    process.kill(target, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

const KILL_ROUNDS = 20;

/**
 * Ends every process of the group and, when the gateway has a uid of its own, everything that runs under it, so
 * that nothing it started in the background outlives it. Throws when something keeps appearing.
 */
export async function killAll(group: number | undefined, uid: number | undefined): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    if (group !== undefined && round === 0) kill(-group);
    const left = listProcesses().filter((process) => process.group === group || process.uid === uid);
    if (left.length === 0) return;
    for (const { pid } of left) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("processes of the gateway cannot be ended");
}

/** Notes the running gateway, for whoever comes after a crash of this server. */
export async function noteProcess(file: string, pid: number): Promise<void> {
  const startedAt = factsOf(pid)?.startedAt ?? "";
  await writeFile(file, JSON.stringify({ pid, startedAt }), { mode: 0o600 });
}

/** Ends the gateway that an earlier server left behind, if it still runs. */
export async function killLeftover(file: string, uid: number | undefined): Promise<void> {
  let note: unknown;
  try {
    note = JSON.parse(await readFile(file, "utf8"));
  } catch {
    // No note, or one that a crash cut short: only the uid can tell.
    note = undefined;
  }
  const pid = typeof note === "object" && note !== null && "pid" in note ? Number(note.pid) : Number.NaN;
  const startedAt =
    typeof note === "object" && note !== null && "startedAt" in note ? note.startedAt : undefined;
  const isSame = Number.isInteger(pid) && pid > 1 && factsOf(pid)?.startedAt === startedAt;
  await killAll(isSame ? pid : undefined, uid);
  await rm(file, { force: true });
}
