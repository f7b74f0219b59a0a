import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { endProcessesOf } from "./end-processes.ts";
import { LockHeldError, takeLock } from "./file-lock.ts";
import { dropPostgresData } from "./postgres/home.ts";
import { endLeftovers } from "./run-record.ts";
import { CREDENTIALS_FILE, SECRETS_FILE } from "./secrets.ts";

/** What earlier runs left running gets this long to end in order: as long as the slowest part's own grace. */
const LEFTOVER_GRACE_MS = 30_000;
const MAX_LOG_BYTES = 10 * 1024 * 1024;

export type StateDir = {
  readonly path: string;
  readonly postgres: string;
  readonly temporal: string;
  readonly xmtp: string;
  readonly doubles: string;
  /** Of the compute driver: one folder for each agent. */
  readonly agents: string;
  readonly runRecord: string;
  /** The log file of a part. */
  log(part: string): string;
  /** Gives the folder back. */
  release(): Promise<void>;
};

/**
 * Takes the folder for this stack, ends what a crashed run left running on it, and with `fresh` drops what it holds.
 * Only names that a stack makes are removed, so a mistyped `--state` loses nothing. Throws when another stack runs on it.
 */
export async function openStateDir(
  path: string,
  options: { readonly fresh: boolean; readonly note: (text: string) => void },
): Promise<StateDir> {
  const agents = join(path, "agents");
  const runRecord = join(path, "run.json");
  const logs = join(path, "logs");
  // Agents run under other users on their own folders below this one.
  await mkdir(path, { recursive: true, mode: 0o711 });
  const release = await takeLock(join(path, "stack.lock")).catch((error: unknown) => {
    if (!(error instanceof LockHeldError)) throw error;
    const who = error.holder ? ` (process ${error.holder.pid})` : "";
    throw new Error(`a stack already runs on ${path}${who}; stop it, or give this one another --state DIR`);
  });
  try {
    const ended = [...(await endLeftovers(runRecord, LEFTOVER_GRACE_MS)), ...(await endAgents(agents))];
    if (ended.length > 0) options.note(`ended what an earlier run left behind: ${ended.join(", ")}`);
    if (options.fresh) {
      await dropPostgresData(join(path, "postgres"));
      const names = [
        "temporal",
        "xmtp",
        "doubles",
        "agents",
        "people",
        "logs",
        "run.json",
        SECRETS_FILE,
        CREDENTIALS_FILE,
      ];
      for (const name of names) await rm(join(path, name), { recursive: true, force: true });
    }
    await mkdir(logs, { recursive: true, mode: 0o700 });
  } catch (error) {
    await release();
    throw error;
  }
  return {
    path,
    postgres: join(path, "postgres"),
    temporal: join(path, "temporal"),
    xmtp: join(path, "xmtp"),
    doubles: join(path, "doubles"),
    agents,
    runRecord,
    log: (part) => join(logs, `${part}.log`),
    release,
  };
}

/** Agents are no children of the stack, so that they outlive a worker's restart; they end with the stack. */
export async function endAgents(agentsDir: string): Promise<readonly string[]> {
  const count = await endProcessesOf(agentsDir, LEFTOVER_GRACE_MS);
  return count === 0 ? [] : [`${count} agent process${count === 1 ? "" : "es"}`];
}

/** A log that has grown too large becomes `.1`, which replaces the one before. */
export async function rotateLog(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found && found.size > MAX_LOG_BYTES) await rename(file, `${file}.1`);
}
