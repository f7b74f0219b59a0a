import type { PoolFacts } from "./pool-plan.ts";

/**
 * How many stale idle instances to retire now: one, once a fresh one is idle in its place. Never below the target,
 * and none while claims wait, or while the pool is paused or tries out whether it can make any. Where the pool is so
 * full that no replacement may be started, one goes to make room for it.
 */
export function planRetirement(facts: PoolFacts): number {
  const { target, surge, idle, stale, waiting, paused, breaker } = facts;
  if (paused || breaker !== undefined || waiting > 0 || stale === 0 || idle <= target) return 0;
  return idle > stale || idle >= target + surge ? 1 : 0;
}
