import { PlatformError } from "../domain/errors.ts";

export interface Rate {
  readonly perSecond: number;
  /** Requests that may come at once after a quiet time. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Callers that are remembered; whoever was quiet the longest is forgotten, and then has its whole burst again. */
const MAX_BUCKETS = 10_000;

/** A token bucket for each caller, in this process's memory. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `now`: milliseconds that never go back. */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Counts one request. Throws `rate-limited` with the time until the next one is let through. */
  take(caller: string): void {
    const { perSecond, burst } = this.#rate;
    const atMs = this.#now();
    const before = this.#buckets.get(caller) ?? { tokens: burst, atMs };
    const tokens = Math.min(burst, before.tokens + ((atMs - before.atMs) / 1_000) * perSecond);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs });
    this.#forget();
    if (tokens < 1)
      throw new PlatformError("rate-limited", { retryAfterMs: ((1 - tokens) / perSecond) * 1_000 });
  }

  #forget(): void {
    if (this.#buckets.size <= MAX_BUCKETS) return;
    const [quietest] = this.#buckets.keys();
    if (quietest !== undefined) this.#buckets.delete(quietest);
  }
}
