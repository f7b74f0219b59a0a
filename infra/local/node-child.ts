import { closeSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { startGuarded, stopOnAbort } from "./guarded-process.ts";
import type { Running } from "./supervisor.ts";

const TAIL_BYTES = 4_096;
const TAIL_LINES = 10;

export type NodeChildOptions = {
  /** The TypeScript file to run. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  /** All of its environment. Secrets come this way: arguments can be read by everyone. */
  readonly env: Readonly<Record<string, string>>;
  /** Receives what it prints, appended. */
  readonly logFile: string;
  readonly readyTimeoutMs: number;
  /** Whole seconds from SIGTERM to SIGKILL. */
  readonly graceS: number;
  /** Ends a start that is under way; of no effect once the program is ready. */
  readonly signal: AbortSignal;
};

export type NodeChild = Running & {
  /** What its ready line said. */
  readonly ready: Readonly<Record<string, unknown>>;
};

/**
 * Starts one of our own programs. Its contract: one line of JSON with `"ready":true` on standard output when it
 * serves, and an orderly end on SIGTERM, which it also gets when this process dies. Rejects with the last lines of its
 * log when it ends before, or is not ready in time.
 */
export async function startNodeChild(options: NodeChildOptions): Promise<NodeChild> {
  const ready = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const stderrFd = openSync(options.logFile, "a", 0o600);
  const child = await startGuarded({
    command: process.execPath,
    args: [options.script, ...(options.args ?? [])],
    cwd: options.cwd,
    env: options.env,
    stopSignal: "TERM",
    graceS: options.graceS,
    stderrFd,
    log: (line) => {
      const found = parseReadyLine(line);
      if (found) ready.resolve(found);
    },
  }).finally(() => closeSync(stderrFd));
  const detach = stopOnAbort(child, options.signal);
  const exited = child.exited.then(async ({ code, signal }) => {
    const end = signal ? `ended by ${signal}` : `ended with code ${code}`;
    return `${end}\n${await tail(options.logFile)}`;
  });
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`not ready within ${options.readyTimeoutMs / 1000} s`)),
    options.readyTimeoutMs,
  );
  const early = exited.then((text) => {
    throw new Error(text);
  });
  try {
    const answer = await Promise.race([ready.promise, early, timeout.promise]);
    return { pid: child.pid, exited, ready: answer, stop: async () => void (await child.stop()) };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    clearTimeout(timer);
    detach();
    // Settles later, when the race is over and nobody listens.
    early.catch(() => undefined);
  }
}

function parseReadyLine(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    return "ready" in value && value.ready === true ? { ...value } : undefined;
  } catch {
    // Some other output that begins with a brace.
    return undefined;
  }
}

async function tail(file: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  } finally {
    await handle.close();
  }
}
