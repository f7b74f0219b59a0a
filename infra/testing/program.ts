import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const TAIL_CHARS = 3_000;

/** A program of ours as a test runs it: killed as hard as the test wants, never left behind. */
export interface TestProgram {
  readonly pid: number;
  readonly ready: Readonly<Record<string, unknown>>;
  /** SIGTERM, then SIGKILL; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  readonly exited: Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a TypeScript program and resolves with its first line of JSON on standard output. */
export async function startProgram(options: {
  script: string;
  args?: readonly string[];
  env: Readonly<Record<string, string>>;
  logFile: string;
}): Promise<TestProgram> {
  const stderr = openSync(options.logFile, "a", 0o600);
  const child = spawn(process.execPath, [options.script, ...(options.args ?? [])], {
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...options.env },
    stdio: ["ignore", "pipe", stderr],
  });
  closeSync(stderr);
  running.add(child);
  const exited = once(child, "exit").then(() => {
    running.delete(child);
  });
  const ready = await firstLine(child, exited, options);
  return {
    pid: child.pid ?? 0,
    ready,
    exited,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function firstLine(
  child: ChildProcess,
  exited: Promise<void>,
  { script, logFile }: { script: string; logFile: string },
): Promise<Record<string, unknown>> {
  if (!child.stdout) throw new Error("the program has no standard output");
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line", { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }).then(([text]) =>
    String(text),
  );
  const first = await Promise.race([line, exited.then(() => undefined)]).catch(() => undefined);
  if (first === undefined) {
    child.kill("SIGKILL");
    throw new Error(
      `${script} did not become ready:\n${(await readFile(logFile, "utf8")).slice(-TAIL_CHARS)}`,
    );
  }
  const parsed: unknown = JSON.parse(first);
  if (typeof parsed !== "object" || parsed === null) throw new Error(`${script} printed no ready line`);
  return { ...parsed };
}
