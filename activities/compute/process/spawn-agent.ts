import { type ChildProcess, spawn } from "node:child_process";
import { open, stat } from "node:fs/promises";
import { PlatformError } from "../../../domain/errors.ts";
import type { InstancePaths } from "./instance-folder.ts";
import { processTable } from "./process-table.ts";
import type { RecordedProcess } from "./stop-process.ts";

/** The log of earlier epochs is kept up to this; a longer one is emptied at the next start. */
const LOG_MAX_BYTES = 4 * 1024 * 1024;

export interface SpawnedAgent extends RecordedProcess {
  /** One line of JSON on standard input, which is then closed. */
  giveSecrets(line: string): void;
}

/**
 * Starts the command in a session of its own, detached from us: its output goes to files, so it neither ends nor
 * blocks when we do. Until it was given its secrets it ends by itself when we do, because its input ends.
 * Throws `invalid` when the command cannot be started, `transient` when it was gone at once.
 */
export async function spawnAgent(
  command: readonly string[],
  paths: InstancePaths,
  environment: Readonly<Record<string, string>>,
): Promise<SpawnedAgent> {
  const [program, ...args] = command;
  if (program === undefined) throw new PlatformError("invalid", { detail: "the command is empty" });
  const stdout = await open(paths.stdout, "w", 0o600);
  const log = await open(paths.log, (await sizeOf(paths.log)) > LOG_MAX_BYTES ? "w" : "a", 0o600);
  try {
    const child = spawn(program, args, {
      cwd: paths.state,
      env: environment,
      detached: true,
      stdio: ["pipe", stdout.fd, log.fd],
    });
    await untilSpawned(child);
    child.unref();
    const entry = child.pid === undefined ? undefined : await processTable.find(child.pid);
    if (entry === undefined)
      throw new PlatformError("transient", { detail: "the agent's process ended at once" });
    return { pid: entry.pid, startTicks: entry.startTicks, giveSecrets: (line) => giveLine(child, line) };
  } finally {
    await stdout.close();
    await log.close();
  }
}

function untilSpawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => {
      const code = "code" in error ? String(error.code) : "unknown";
      reject(new PlatformError("invalid", { detail: `the agent's command cannot be started (${code})` }));
    });
  });
}

function giveLine(child: ChildProcess, line: string): void {
  // A process that ended before it read its secrets is found out by its absence.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(`${line}\n`);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}
