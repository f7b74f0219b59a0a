/** Amounts are whole micro-dollars: a provider's fractions of a cent add up without rounding. */
export type Micros = number;
export const MICROS_PER_USD = 1_000_000;
export const toMicros = (usd: number): Micros => Math.round(usd * MICROS_PER_USD);
export const toUsd = (micros: Micros): number => micros / MICROS_PER_USD;

/** What a key may spend before anybody has claimed its agent: enough for a warm-up, little to lose. */
export const INITIAL_LIMIT: Micros = toMicros(1);
/** What each month gives an agent. Top-ups come on top of it and do not lapse. */
export const MONTHLY_ALLOWANCE: Micros = toMicros(20);
export const TOP_UP_MAX_USD = 500;
/** Below this the next request is refused: nothing worth mentioning can be asked for it. */
export const EXHAUSTED_BELOW: Micros = toMicros(0.01);

/** The UTC month that an allowance is for, `YYYY-MM`. */
export const monthOf = (at: Date): string => at.toISOString().slice(0, 7);

/**
 * What a month's allowance adds to the absolute limit: what was used of the last one. So the allowance is full again,
 * never above its amount, and what was topped up stays. `lastUsage`: the usage when the last one was given.
 */
export function allowanceFor(usage: Micros, lastUsage: Micros | undefined): Micros {
  if (lastUsage === undefined) return MONTHLY_ALLOWANCE - INITIAL_LIMIT;
  return Math.min(MONTHLY_ALLOWANCE, Math.max(0, usage - lastUsage));
}
