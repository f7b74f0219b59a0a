import { afterFailedStart } from "../../steps/pool-failure.ts";
import type { World } from "../world.ts";

/** Of how many outcomes the breaker could need. */
const KEPT = 10;

/** An instance never became ready: its pool backs off, and pauses itself at a limit. */
export function noteStartFailure({ tables, nowMs }: World, id: string): void {
  const { pool } = tables;
  const isRollout = pool.isRollingOut && tables.instance(id).generation === pool.generation;
  const answer = afterFailedStart({ ...pool, generation: String(pool.generation), isRollout }, "never-ready");
  pool.failuresInARow = answer.failuresInARow;
  pool.rolloutFailures = answer.rolloutFailures;
  pool.retryAfterMs = nowMs + answer.retryAfterS * 1000;
  pool.pausedReason ??= answer.pauseReason;
  pool.failures = [{ atMs: nowMs, code: "never-ready" }, ...pool.failures].slice(0, KEPT);
}

export function noteStartSuccess({ tables }: World, id: string): void {
  const { pool } = tables;
  pool.failuresInARow = 0;
  pool.retryAfterMs = 0;
  pool.failures = [];
  if (tables.instance(id).generation === pool.generation) {
    pool.isRollingOut = false;
    pool.rolloutFailures = 0;
  }
}
