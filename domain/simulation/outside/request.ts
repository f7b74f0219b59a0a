import { PlatformError } from "../../errors.ts";
import type { Flow } from "../engine/scheduler.ts";
import type { World } from "../world.ts";

const FAILS = 0.04;
const FAILS_AFTER_EFFECT = 0.04;
const ACTS_LATE = 0.03;
/** While a provider is away, it may still do what it was asked for, and not say so. */
const ACTS_LATE_WHILE_AWAY = 0.4;
/** Shorter than what an end waits for creates that come late. */
const LATEST_MS = 18_000;

/**
 * A call that changes something at a provider: it works, or fails without effect, or fails after the effect, or the
 * effect comes after the answer that it failed.
 */
export function* change<T>(world: World, awayUntilMs: number, effect: () => T): Flow<T> {
  yield { ms: world.latencyMs() };
  const isAway = world.nowMs < awayUntilMs;
  if (world.strikes(isAway ? ACTS_LATE_WHILE_AWAY : ACTS_LATE)) {
    world.scheduler.later("a provider, late", world.random.between(1_000, LATEST_MS), effect);
    throw new PlatformError("ambiguous");
  }
  if (isAway || world.strikes(FAILS)) throw new PlatformError("transient");
  const result = effect();
  yield { ms: world.latencyMs() };
  if (world.strikes(FAILS_AFTER_EFFECT)) throw new PlatformError("ambiguous");
  return result;
}

/** A call that only reads: what it answers is what was there some moments ago. */
export function* read<T>(world: World, awayUntilMs: number, look: () => T): Flow<T> {
  yield { ms: world.latencyMs() };
  if (world.nowMs < awayUntilMs || world.strikes(FAILS)) throw new PlatformError("transient");
  const result = look();
  yield { ms: world.latencyMs() };
  return result;
}
