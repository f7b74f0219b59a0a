import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A process is known by its pid and when it started: a pid alone is given to another process sooner or later. */
export interface ProcessEntry {
  pid: number;
  group: number;
  session: number;
  /** Digits that grow with time: clock ticks since boot on Linux, milliseconds since 1970 elsewhere. */
  startTicks: string;
}

/** The processes of this machine, without those that have ended and were not yet waited for. */
export interface ProcessTable {
  /** Undefined when there is no such process. */
  find(pid: number): Promise<ProcessEntry | undefined>;
  all(): Promise<readonly ProcessEntry[]>;
  /** The pids of those that were started with this variable in their environment, as far as we may read it. */
  startedWith(variable: string): Promise<readonly number[]>;
  /** The pids of those that run under this user id. */
  ofUser(uid: number): Promise<readonly number[]>;
}

/** What reading `/proc` answers for a process that has just ended, or that is another user's. */
const UNREADABLE: ReadonlySet<unknown> = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

async function readProc(pid: number, file: "stat" | "environ" | "status"): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && UNREADABLE.has(error.code)) return undefined;
    throw error;
  }
}

/** Fields as in proc_pid_stat(5); the command, which may hold anything, ends with the last parenthesis. */
function parseStat(pid: number, stat: string): ProcessEntry | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, , group, session] = fields;
  const startTicks = fields[19];
  if (state === "Z" || state === "X" || startTicks === undefined) return undefined;
  return { pid, group: Number(group), session: Number(session), startTicks };
}

async function procPids(): Promise<number[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

const procfs: ProcessTable = {
  find: async (pid) => {
    const stat = await readProc(pid, "stat");
    return stat === undefined ? undefined : parseStat(pid, stat);
  },
  all: async () => {
    const entries = await Promise.all((await procPids()).map((pid) => procfs.find(pid)));
    return entries.filter((entry) => entry !== undefined);
  },
  startedWith: async (variable) => {
    const pids = await procPids();
    const environments = await Promise.all(pids.map((pid) => readProc(pid, "environ")));
    return pids.filter((_, index) => environments[index]?.split("\0").includes(variable));
  },
  ofUser: async (uid) => {
    const pids = await procPids();
    const statuses = await Promise.all(pids.map((pid) => readProc(pid, "status")));
    return pids.filter((_, index) => Number(/^Uid:\s+(\d+)/m.exec(statuses[index] ?? "")?.[1]) === uid);
  },
};

const run = promisify(execFile);
const PS_MAX_BYTES = 16 * 1024 * 1024;
const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/;

async function ps(...args: string[]): Promise<string[]> {
  const env = { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" };
  return (await run("ps", args, { env, maxBuffer: PS_MAX_BYTES })).stdout.split("\n");
}

/** For systems without `/proc` (macOS). Start times have a resolution of one second there. */
export const psTable: ProcessTable = {
  find: async (pid) => (await psTable.all()).find((entry) => entry.pid === pid),
  all: async () => {
    const lines = await ps("-A", "-ww", "-o", "pid=,pgid=,stat=,lstart=");
    return lines.flatMap((line): ProcessEntry[] => {
      const [, pid, group, state, start] = PS_LINE.exec(line) ?? [];
      if (state === undefined || state.startsWith("Z")) return [];
      const startTicks = String(Date.parse(`${start} UTC`));
      return [{ pid: Number(pid), group: Number(group), session: 0, startTicks }];
    });
  },
  startedWith: async (variable) => {
    const lines = await ps("-A", "-E", "-ww", "-o", "pid=,command=");
    return lines
      .filter((line) => line.split(" ").includes(variable))
      .map((line) => Number.parseInt(line, 10));
  },
  ofUser: async (uid) => {
    const rows = (await ps("-A", "-o", "pid=,uid=")).map((line) => line.trim().split(/\s+/).map(Number));
    return rows.flatMap(([pid, owner]) => (pid !== undefined && owner === uid ? [pid] : []));
  },
};

export const processTable: ProcessTable = process.platform === "linux" ? procfs : psTable;
