import { open, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const POLL_MS = 250;
/** A lock file without content younger than this is being written. */
const WRITE_MS = 5_000;

export class LockHeldError extends Error {
  readonly holder: ProcessIdentity | undefined;
  constructor(path: string, holder: ProcessIdentity | undefined) {
    super(`${path} is held by ${holder ? `process ${holder.pid}` : "another process"}`);
    this.name = "LockHeldError";
    this.holder = holder;
  }
}

/**
 * Takes the lock file, which names this process by pid and start time, or throws `LockHeldError`. The lock of a
 * process that is gone is taken over. Resolves to the function that gives it back.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own = await ownIdentity();
  const startedAt = Date.now();
  for (;;) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(JSON.stringify(own));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = await readHolder(path);
    if (holder && (await isRunning(holder))) throw new LockHeldError(path, holder);
    if (holder || Date.now() - startedAt > WRITE_MS) await rm(path, { force: true });
    else await delay(POLL_MS);
  }
}

/** Runs `work` under the lock, waiting for it up to `waitMs`; `work` hears whether another process had it before. */
export async function withFileLock<T>(
  path: string,
  options: { readonly waitMs: number },
  work: (waited: boolean) => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + options.waitMs;
  let waited = false;
  for (;;) {
    let release: () => Promise<void>;
    try {
      release = await takeLock(path);
    } catch (error) {
      if (!(error instanceof LockHeldError) || Date.now() > deadline) throw error;
      waited = true;
      await delay(POLL_MS);
      continue;
    }
    try {
      return await work(waited);
    } finally {
      await release();
    }
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("pid" in value) || !("startTime" in value))
      return undefined;
    if (typeof value.pid !== "number" || typeof value.startTime !== "string") return undefined;
    return { pid: value.pid, startTime: value.startTime };
  } catch {
    // Half-written: whoever writes it finishes within WRITE_MS, or has died.
    return undefined;
  }
}
