import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../domain/errors.ts";
import type { Database } from "../registry/database.ts";
import { retryAfterMs } from "../resources/network-failure.ts";
import type { Budget } from "./budget.ts";
import { recordThrottled, refusal, takeToken } from "./take-token.ts";

export interface CountedFetchOptions {
  /** How long a request waits for its token before it is refused; default 10 s. */
  maxWaitMs?: number;
  fetch?: typeof globalThis.fetch;
}

const DEFAULT_MAX_WAIT_MS = 10_000;
const RETRY_AFTER_ABORT_MS = 1_000;
const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/**
 * A fetch that pays for each request with a token of the account's budget, and passes on what the provider says
 * about too many requests to everybody who shares the budget. It never repeats a request. Before anything is sent it
 * rejects with `throttled` when no token comes in time or the caller gives up, and `transient` without a database.
 */
export function countedFetch(
  db: Database,
  budget: Budget,
  options: CountedFetchOptions = {},
): typeof globalThis.fetch {
  const { maxWaitMs = DEFAULT_MAX_WAIT_MS, fetch = globalThis.fetch } = options;
  // One waits at the bucket for all of this process, in the order of arrival.
  let turn: Promise<unknown> = Promise.resolve();
  return async (input, init) => {
    const deadline = performance.now() + maxWaitMs;
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const mine = turn.then(() => pay(db, budget, deadline, signal));
    turn = Promise.allSettled([mine]);
    await mine;
    const response = await fetch(input, init);
    await noteThrottling(db, budget, response);
    return response;
  };
}

async function pay(
  db: Database,
  budget: Budget,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for (;;) {
      if (signal?.aborted) throw await refusal(db, budget, RETRY_AFTER_ABORT_MS);
      const taken = await takeToken(db, budget);
      if (taken.granted) return;
      if (performance.now() + taken.waitMs > deadline) throw await refusal(db, budget, taken.waitMs);
      await untilAborted(taken.waitMs, signal);
    }
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw new PlatformError("transient", { detail: "the budget of the provider's account cannot be read" });
  }
}

async function untilAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    // The caller gave up: the next look at the bucket says so.
    if (!signal?.aborted) throw error;
  }
}

async function noteThrottling(db: Database, budget: Budget, { status, headers }: Response): Promise<void> {
  const isThrottled = status === TOO_MANY_REQUESTS || (status === UNAVAILABLE && headers.has("retry-after"));
  if (!isThrottled) return;
  try {
    await recordThrottled(db, budget, retryAfterMs(headers));
  } catch (error) {
    // The provider has answered: that must reach the caller, who is told to wait by the answer itself.
    const kind = error instanceof Error ? error.name : typeof error;
    process.stderr.write(
      `${JSON.stringify({ level: "warn", event: "budget.throttle-not-recorded", account: budget.account, kind })}\n`,
    );
  }
}
