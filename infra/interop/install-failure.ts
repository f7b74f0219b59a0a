import { readFile, writeFile } from "node:fs/promises";
import { Type } from "typebox";
import { Value } from "typebox/value";

/** Long enough for the rest of a test run. */
const REMEMBERED_MS = 10 * 60_000;

const Failure = Type.Object({ runPid: Type.Number(), at: Type.Number(), message: Type.String() });

/**
 * Keeps a failure for the other test files of this run, so that not each of them waits for what has just failed. A run
 * is known by the process that starts its workers: the next run tries again.
 */
export async function rememberFailure(path: string, message: string): Promise<void> {
  await writeFile(path, JSON.stringify({ runPid: process.ppid, at: Date.now(), message }));
}

/** What went wrong in this run, if anything did. */
export async function failureOfThisRun(path: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "null";
    throw error;
  });
  const found = parse(text);
  if (!Value.Check(Failure, found) || found.runPid !== process.ppid) return undefined;
  return Date.now() - found.at < REMEMBERED_MS ? found.message : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Half-written by a worker that was killed: nothing is known of a failure.
    return undefined;
  }
}
