export interface PoolFacts {
  target: number;
  /** How many may be starting at once for the pool's own sake. */
  surge: number;
  idle: number;
  starting: number;
  /** Claims in the queue. */
  waiting: number;
  /** What an operator asked for beyond the target. */
  extra: number;
  paused: boolean;
  backingOff: boolean;
}

/**
 * How many instances to start now, for the pool's own sake and for an operator's. Waiting claims come on top of the
 * target: each takes the next instance that becomes ready. `surge` bounds what is starting at once, never the
 * total (a pool whose agents are all claimed still refills). A pool that is paused or backs off starts nothing
 * of its own.
 */
export function planStarts(facts: PoolFacts): { own: number; extra: number } {
  if (facts.paused || facts.backingOff) return { own: 0, extra: facts.extra };
  const wanted = facts.target + facts.waiting - facts.idle - facts.starting;
  const room = facts.surge - facts.starting;
  return { own: Math.max(0, Math.min(wanted, room)), extra: facts.extra };
}
