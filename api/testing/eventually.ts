import { setTimeout as delay } from "node:timers/promises";

const TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** Looks until there is something, and returns it; throws after ten seconds. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${TIMEOUT_MS} ms: ${what}`);
    await delay(POLL_MS);
  }
}
