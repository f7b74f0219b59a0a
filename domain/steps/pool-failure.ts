/** Longest pause between two starts after failures. */
const MAX_BACK_OFF_S = 300;
/** Failures in a row that pause the pool; of the generation that is being rolled out. */
const HARD_FAILURE_LIMIT = 8;
const ROLLOUT_FAILURE_LIMIT = 3;
/** A breaker opens when so many of the last starts, as far as they are this recent, failed with the same code. */
export const BREAKER = { alike: 3, of: 5, windowS: 30 * 60 } as const;

export interface FailureFacts {
  failuresInARow: number;
  /** Of the generation that is being rolled out. */
  rolloutFailures: number;
  generation: string;
  /** Whether the failed start was one of a generation that is being rolled out. */
  isRollout: boolean;
}

export interface FailureAnswer {
  failuresInARow: number;
  rolloutFailures: number;
  retryAfterS: number;
  /** Why the pool pauses itself, in words for an operator. */
  pauseReason: string | undefined;
}

/** What a failed start does to its pool: it backs off, and pauses itself at a limit. */
export function afterFailedStart(facts: FailureFacts, code: string): FailureAnswer {
  const failuresInARow = facts.failuresInARow + 1;
  const rolloutFailures = facts.isRollout ? facts.rolloutFailures + 1 : facts.rolloutFailures;
  const stopped =
    rolloutFailures >= ROLLOUT_FAILURE_LIMIT
      ? `the rollout of ${facts.generation} stopped: ${ROLLOUT_FAILURE_LIMIT} of its instances in a row`
      : failuresInARow >= HARD_FAILURE_LIMIT
        ? `${HARD_FAILURE_LIMIT} instances in a row`
        : undefined;
  return {
    failuresInARow,
    rolloutFailures,
    retryAfterS: Math.min(MAX_BACK_OFF_S, 2 ** Math.min(facts.failuresInARow, 20)),
    pauseReason: stopped && `${stopped} did not become ready, the last one: ${code}`,
  };
}

/** The code that trips the breaker of starts. `newestFirst` has a start's failure, or undefined for a success. */
export function commonFailure(newestFirst: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const code of newestFirst.slice(0, BREAKER.of)) {
    if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].find(([, n]) => n >= BREAKER.alike)?.[0];
}
