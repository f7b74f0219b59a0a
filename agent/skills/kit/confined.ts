import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";

/** How a process is kept from doing harm. */
export interface Confinement {
  /** Whom it runs as; the caller by default. */
  uid?: number | undefined;
  gid?: number | undefined;
  /** Its working directory. */
  dir: string;
  /** Its whole environment; empty by default. */
  env?: Readonly<Record<string, string>>;
  timeoutMs: number;
  maxRssBytes: number;
  maxOutputBytes: number;
}

export type ConfinedEnd = "took-too-long" | "too-much-memory" | "too-much-output" | "failed";

/** A confined process did not end well. The cause is its exit code or signal, never what it wrote. */
export class ConfinedError extends Error {
  override readonly name = "ConfinedError";
  readonly end: ConfinedEnd;

  constructor(end: ConfinedEnd, options?: ErrorOptions) {
    super(`a confined process ended: ${end}`, options);
    this.end = end;
  }
}

const MEMORY_CHECK_MS = 50;
/** How much longer than the time limit it may use a processor, where two of them are at work. */
const CPU_FACTOR = 3;

/**
 * Runs a command and resolves with what it writes to standard output. The shell sets what the kernel enforces, also after
 * this server has died: no core dump, which would hold what is worked on, and only so much time on the processor.
 * Throws ConfinedError, or the signal's reason.
 */
export async function runConfined(
  command: readonly string[],
  input: Uint8Array,
  limits: Confinement,
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted();
  const child = start(command, limits);
  const ended = once(child, "close");
  let killedFor: ConfinedEnd | undefined;
  const kill = (end?: ConfinedEnd): void => {
    killedFor ??= end;
    killGroup(child);
    // What has left the group may hold the other end for ever.
    child.stdout?.destroy();
  };
  const onAbort = (): void => kill();
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => kill("took-too-long"), limits.timeoutMs);
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((resident) => {
      if (resident > limits.maxRssBytes) kill("too-much-memory");
    });
  }, MEMORY_CHECK_MS);
  try {
    const output = collect(child, limits.maxOutputBytes, () => kill("too-much-output"));
    child.stdin?.end(input);
    const [code, endedBy] = await ended;
    signal.throwIfAborted();
    if (killedFor !== undefined) throw new ConfinedError(killedFor);
    if (code !== 0) {
      const cause = Object.assign(new Error("the process failed"), { code: String(endedBy ?? code) });
      throw new ConfinedError(isOutOfMemory(code, endedBy) ? "too-much-memory" : "failed", { cause });
    }
    return output();
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    killGroup(child);
    signal.removeEventListener("abort", onAbort);
  }
}

function start(command: readonly string[], limits: Confinement): ChildProcess {
  const cpuSeconds = Math.ceil((CPU_FACTOR * limits.timeoutMs) / 1_000);
  const child = spawn(
    "/bin/sh",
    ["-c", `ulimit -c 0 && ulimit -t ${cpuSeconds} && exec "$@"`, "sh", ...command],
    {
      cwd: limits.dir,
      env: { ...limits.env },
      stdio: ["pipe", "pipe", "ignore"],
      // A group of its own, so that it ends with everything it has started.
      detached: true,
      ...(limits.uid === undefined ? {} : { uid: limits.uid }),
      ...(limits.gid === undefined ? {} : { gid: limits.gid }),
    },
  );
  // A process that ends before it has read everything says why by how it ends.
  child.stdin?.on("error", () => undefined);
  return child;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}

function collect(child: ChildProcess, maxBytes: number, onTooMuch: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) onTooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks);
}

/** V8 aborts or traps when its heap is full, and the kernel kills what takes all memory. */
const isOutOfMemory = (code: unknown, endedBy: unknown): boolean =>
  ["SIGABRT", "SIGTRAP", "SIGILL", "SIGKILL"].includes(String(endedBy)) || code === 134;

/** Memory in use by a process; 0 when it is gone or the system has no /proc (there only heap and time are limited). */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    // It has ended meanwhile, or there is no /proc.
    return 0;
  }
}
