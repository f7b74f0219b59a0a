import { errorName, type Log } from "./log.ts";
import { pause } from "./wake.ts";

const RETRY_MS = 500;
const RETRY_MAX_MS = 15_000;

/** Repeats `work`, with a growing pause, until it does not reject. False when `signal` aborted first. */
export async function retryUntilDone(
  name: string,
  work: () => Promise<void>,
  log: Log,
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      await work();
      return true;
    } catch (error) {
      log("retried", { what: name, attempt, error: errorName(error) });
    }
    await pause(Math.min(RETRY_MS * 2 ** Math.min(attempt, 10), RETRY_MAX_MS), signal);
  }
  return false;
}
