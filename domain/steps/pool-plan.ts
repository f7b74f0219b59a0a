export interface PoolFacts {
  target: number;
  /** How many may be starting at once for the pool's own sake. */
  surge: number;
  idle: number;
  starting: number;
  /** Claims in the queue. */
  waiting: number;
  /** Idle ones that are to be replaced: too old, or of a generation that is being rolled out of. */
  stale: number;
  /** What an operator asked for beyond the target. */
  extra: number;
  /** Starts that the rate still allows now. */
  allowance: number;
  paused: boolean;
  backingOff: boolean;
  /** What failed alike until it was stopped: starts, claims, or nothing. */
  breaker: "starts" | "claims" | undefined;
}

/**
 * How many instances to start now, for the pool's own sake and for an operator's. Waiting claims come on top of the
 * target: each takes the next instance that becomes ready. One more is started to replace what is stale, one at a time.
 * `surge` bounds what is starting at once, never the total (a pool whose agents are all claimed still refills).
 * With an open breaker one instance at a time is started as a probe, for the sake of claims also beside a full pool.
 * A pool that is paused or backs off starts nothing of its own.
 */
export function planStarts(facts: PoolFacts): { own: number; extra: number } {
  const { target, surge, idle, starting, waiting, extra, stale, breaker } = facts;
  if (facts.paused || facts.backingOff) return { own: 0, extra };
  const missing = target + waiting - idle - starting;
  const isOneDue = breaker === "claims" || (stale > 0 && (idle <= target || idle === stale));
  const wanted = Math.max(missing, isOneDue && starting === 0 ? 1 : 0);
  const atOnce = breaker === undefined ? surge : Math.min(surge, 1);
  const room = Math.min(atOnce - starting, target + surge + waiting - idle - starting, facts.allowance);
  return { own: Math.max(0, Math.min(wanted, room)), extra };
}
