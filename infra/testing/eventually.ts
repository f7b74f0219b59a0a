import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 25;

/** Looks until `look` returns something other than undefined and false; throws with `what` after the deadline. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`did not happen within ${timeoutMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}
