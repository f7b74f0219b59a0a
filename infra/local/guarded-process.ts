import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * No program has to watch the process that started it, for a small shell does: it runs the program in a process group of
 * its own and stops it when its standard input closes, which the kernel does for us however the parent ends, SIGKILL
 * included. Written for any POSIX shell and passed inline, because the user that the program runs as may not be able to
 * read this repository.
 */
const GUARDIAN = `
signal=$1; grace=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
stop() {
  (trap 'wait; exit' TERM; sleep "$grace" & wait; kill -s KILL "$child") >/dev/null 2>&1 3<&- &
  trap '' TERM INT HUP
  kill -s "$signal" "$child" 2>/dev/null
}
trap stop TERM INT HUP
(read -r line <&3; kill -s TERM $$) >/dev/null 2>&1 &
exec 3<&-
status=0
while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
trap '' TERM
kill -s TERM 0
wait
exit "$status"
`;

/** How long after the guardian's own grace we wait before killing the whole group ourselves. */
const GROUP_KILL_MARGIN_MS = 2_000;

export type GuardedProcessOptions = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What asks this program to end in good order. */
  readonly stopSignal: "TERM" | "INT";
  /** Whole seconds from the stop signal to SIGKILL. */
  readonly graceS: number;
  /** Receives each line of standard output, and of standard error unless that goes to a file. */
  readonly log: (line: string) => void;
  /** A file descriptor for standard error, which works on after this process has ended. */
  readonly stderrFd?: number;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type GuardedProcess = {
  /** The guardian, which leads the process group. */
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Resolves when the program is gone; may be called again. */
  stop(): Promise<Exit>;
};

export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      GUARDIAN,
      "guardian",
      options.stopSignal,
      String(options.graceS),
      options.command,
      ...options.args,
    ],
    {
      cwd: options.cwd,
      env: options.env,
      stdio: ["pipe", "pipe", options.stderrFd ?? "pipe"],
      detached: true,
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
    },
  );
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream)
      createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", options.log);
  }
  // Nothing is ever written to it; it reports EPIPE when the guardian ends first, which `exited` says better.
  child.stdin?.on("error", () => undefined);
  const pid = child.pid;
  if (pid === undefined) throw new Error("a spawned process has no pid");
  return { pid, exited, stop: () => stopGroup(child, pid, exited, options.graceS * 1000) };
}

/** Stops the process when the signal is aborted, until the returned function is called. */
export function stopOnAbort(guarded: GuardedProcess, signal: AbortSignal | undefined): () => void {
  const stop = () => void guarded.stop();
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  return () => signal?.removeEventListener("abort", stop);
}

async function stopGroup(
  child: ChildProcess,
  pid: number,
  exited: Promise<Exit>,
  graceMs: number,
): Promise<Exit> {
  if (child.exitCode !== null || child.signalCode !== null) return exited;
  child.kill("SIGTERM");
  const lastResort = setTimeout(() => killGroup(pid), graceMs + GROUP_KILL_MARGIN_MS);
  try {
    return await exited;
  } finally {
    clearTimeout(lastResort);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
