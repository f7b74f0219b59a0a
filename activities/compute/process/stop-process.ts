import { setTimeout as delay } from "node:timers/promises";
import { PlatformError } from "../../../domain/errors.ts";
import { type ProcessEntry, processTable } from "./process-table.ts";

const POLL_MS = 15;
/** How long SIGKILL may take until it is repeated, and until we say that we cannot do it. */
const KILL_STEP_MS = 500;
const KILL_MAX_MS = 5_000;

/** A process as it was recorded. */
export interface RecordedProcess {
  pid: number;
  startTicks: string;
}

export async function isAlive({ pid, startTicks }: RecordedProcess): Promise<boolean> {
  return (await processTable.find(pid))?.startTicks === startTicks;
}

/**
 * Every process that belongs to a launch: the one recorded, what it started in its group or session, and whatever
 * was started with `marker` in its environment, which finds a process that was never recorded, or runs under one of
 * its `uids`, which nobody else has. A process that merely has a recorded pid is not one of them.
 */
export async function belongingTo(
  marker: string,
  recorded: RecordedProcess | undefined,
  uids: readonly number[] = [],
): Promise<readonly ProcessEntry[]> {
  const [entries, ...found] = await Promise.all([
    processTable.all(),
    processTable.startedWith(marker),
    ...uids.map((uid) => processTable.ofUser(uid)),
  ]);
  const marked = found.flat();
  const leaders = new Set(marked);
  if (recorded !== undefined) {
    const now = entries.find(({ pid }) => pid === recorded.pid);
    // While a group has members its number is not given to a new process: another start time means it is gone.
    if (now === undefined || now.startTicks === recorded.startTicks) leaders.add(recorded.pid);
  }
  const since = (entry: ProcessEntry): boolean =>
    recorded === undefined || Number(entry.startTicks) >= Number(recorded.startTicks);
  const isOurs = (entry: ProcessEntry): boolean =>
    marked.includes(entry.pid) || ((leaders.has(entry.group) || leaders.has(entry.session)) && since(entry));
  return entries.filter((entry) => entry.pid !== process.pid && isOurs(entry));
}

/**
 * SIGTERM, after `graceMs` SIGKILL, until nothing that belongs to the launch is there. Throws `ambiguous` when
 * something survives even that.
 */
export async function stopProcess(
  marker: string,
  recorded: RecordedProcess | undefined,
  graceMs: number,
  uids: readonly number[] = [],
): Promise<void> {
  const giveUpAt = Date.now() + graceMs + KILL_MAX_MS;
  let signal: "SIGTERM" | "SIGKILL" = "SIGTERM";
  for (;;) {
    const members = await belongingTo(marker, recorded, uids);
    if (members.length === 0) return;
    if (Date.now() > giveUpAt)
      throw new PlatformError("ambiguous", { detail: "a process did not end when it was killed" });
    for (const member of members) send(member.pid, signal);
    await untilGone(members, signal === "SIGTERM" ? graceMs : KILL_STEP_MS);
    signal = "SIGKILL";
  }
}

function send(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return;
    throw error;
  }
}

async function untilGone(members: readonly RecordedProcess[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    const alive = await Promise.all(members.map(isAlive));
    if (!alive.includes(true)) return;
    await delay(POLL_MS);
  }
}
