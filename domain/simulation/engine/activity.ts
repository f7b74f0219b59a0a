import { ERRORS, PlatformError } from "../../errors.ts";
import type { World } from "../world.ts";
import type { Flow, Pause, Task } from "./scheduler.ts";

/** How often an activity is tried, as `workflows/activities.ts` sets it. */
export interface Retries {
  firstPauseMs: number;
  longestPauseMs: number;
  maxAttempts?: number;
  /** For all attempts together. */
  withinMs?: number;
  /** For one attempt. */
  attemptMs?: number;
  /** Whether a code of the catalogue that is not retryable ends it. */
  obeysFinalCodes?: boolean;
}

const HEARTBEAT_MS = 5_000;
const WORKER_LOST = 0.015;
const ANSWER_LOST = 0.01;
const GOES_ON_UNSEEN = 0.4;
const STALLS = 0.6;
/** With what a call may take, shorter than what an end waits for creates that come late. */
const LONGEST_STALL_MS = 9_000;

/**
 * An activity of a workflow: tried until it succeeds or its retries are used up. A worker may be lost before, within or
 * after it; then the same is tried again, and what the lost one was doing may go on beside it.
 */
export function* activity<T>(world: World, self: Task, retries: Retries, body: () => Flow<T>): Flow<T> {
  const startedMs = world.nowMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* attemptOnce(world, self, body(), retries.attemptMs ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      world.note(
        `${self.name}: ${error.code}${error.detail ? ` (${error.detail})` : ""}, attempt ${attempt}`,
      );
      const pauseMs = Math.min(retries.firstPauseMs * 2 ** Math.min(attempt - 1, 20), retries.longestPauseMs);
      const isOver =
        attempt >= (retries.maxAttempts ?? Number.POSITIVE_INFINITY) ||
        world.nowMs + pauseMs - startedMs > (retries.withinMs ?? Number.POSITIVE_INFINITY) ||
        (retries.obeysFinalCodes === true && !ERRORS[error.code].retryable);
      if (isOver) throw error;
      yield { ms: pauseMs };
    }
  }
}

function* attemptOnce<T>(world: World, self: Task, body: Flow<T>, attemptMs: number): Flow<T> {
  const startedMs = world.nowMs;
  yield { ms: world.latencyMs() };
  if (world.strikes(WORKER_LOST)) yield* lose("before it began");
  let step = body.next();
  while (!step.done) {
    if (world.strikes(WORKER_LOST)) {
      loseSight(world, self.name, body, step.value);
      yield* lose("within an activity");
    }
    if (world.nowMs - startedMs > attemptMs) {
      loseSight(world, self.name, body, step.value);
      throw new PlatformError("unavailable", { detail: "it took too long" });
    }
    self.inFlight = { body, pause: step.value };
    const held = yield step.value;
    self.inFlight = undefined;
    step = body.next(held);
  }
  if (world.strikes(ANSWER_LOST)) yield* lose("after the effect");
  return step.value;
}

function* lose(when: string): Flow<never> {
  yield { ms: HEARTBEAT_MS };
  throw new PlatformError("unavailable", { detail: `the worker was lost ${when}` });
}

/**
 * The worker of an activity is lost: it has ended, or it only stalls or cannot reach the server; then it goes on beside
 * the next attempt.
 */
export function loseSight(world: World, name: string, body: Flow<unknown>, pause: Pause): void {
  if (!world.strikes(GOES_ON_UNSEEN)) {
    world.note(`${name}: its worker ends`);
    // What its session held is let go.
    body.return(undefined);
    return;
  }
  const stallMs = world.strikes(STALLS) ? world.random.between(3_000, LONGEST_STALL_MS) : 0;
  world.scheduler.start(`${name} (unseen)`, () => goOn(body, { ...pause, ms: pause.ms + stallMs }));
}

function* goOn(body: Flow<unknown>, pause: Pause): Flow<void> {
  try {
    let held = yield pause;
    while (true) {
      const step = body.next(held);
      if (step.done) return;
      held = yield step.value;
    }
  } catch (error) {
    // Nobody sees how it ends.
    if (!(error instanceof PlatformError)) throw error;
  }
}
