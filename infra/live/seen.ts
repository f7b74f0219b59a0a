import { setTimeout as pause } from "node:timers/promises";

const SHOWN_MAX_CHARS = 300;

/** Something is not as it should be. */
export class NotSeenError extends Error {
  override readonly name = "NotSeenError";
}

/** Returns what was looked for; throws NotSeenError, with what came instead, when it is not there. */
export function seen<T>(found: T | false | undefined | null, what: string, instead = ""): T {
  if (found !== undefined && found !== null && found !== false) return found;
  const came = instead === "" ? "" : `; this came: ${instead.slice(0, SHOWN_MAX_CHARS)}`;
  throw new NotSeenError(`expected that ${what}${came}`);
}

/** The first group of the first match, or all of it; throws NotSeenError when nothing matches. */
export function match(text: string, pattern: RegExp, what: string): string {
  const found = seen(pattern.exec(text), what, text);
  return found[1] ?? found[0];
}

/** Looks again and again, no more often than a provider bears, until there is something. Throws NotSeenError. */
export async function awaited<T>(
  look: () => Promise<T | undefined>,
  what: string,
  {
    signal,
    everyMs = 2_000,
    timeoutMs = 90_000,
  }: { signal: AbortSignal; everyMs?: number; timeoutMs?: number },
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() + everyMs > deadlineMs) throw new NotSeenError(`${what} within ${timeoutMs / 1_000} s`);
    await pause(everyMs, undefined, { signal });
  }
}
