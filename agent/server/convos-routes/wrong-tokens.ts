const WINDOW_MS = 60_000;
const MAX_PER_WINDOW = 30;

/**
 * Counts requests with a wrong token. True when there have been more than 30 within the present minute. The right token
 * is never refused for it, or anybody could lock its holder out.
 */
export function createWrongTokenCount(now: () => number = Date.now): () => boolean {
  let windowEndsAtMs = 0;
  let count = 0;
  return () => {
    if (now() >= windowEndsAtMs) {
      windowEndsAtMs = now() + WINDOW_MS;
      count = 0;
    }
    count += 1;
    return count > MAX_PER_WINDOW;
  };
}
