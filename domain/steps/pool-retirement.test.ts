import { expect, it } from "vitest";
import { type PoolFacts, planStarts } from "./pool-plan.ts";
import { planRetirement } from "./pool-retirement.ts";

const full: PoolFacts = {
  target: 3,
  surge: 2,
  idle: 3,
  starting: 0,
  waiting: 0,
  stale: 3,
  extra: 0,
  allowance: 100,
  paused: false,
  backingOff: false,
  breaker: undefined,
};

it("retires one once a fresh one is idle, never below the target", () => {
  expect(planRetirement(full)).toBe(0);
  expect(planRetirement({ ...full, starting: 1 })).toBe(0);
  expect(planRetirement({ ...full, idle: 4 })).toBe(1);
  expect(planRetirement({ ...full, idle: 4, stale: 0 })).toBe(0);
});

it("does not take what is there for what is to come: all that is idle being stale, it waits", () => {
  expect(planRetirement({ ...full, idle: 4, stale: 4 })).toBe(0);
  expect(planRetirement({ ...full, idle: 4, stale: 4, starting: 1 })).toBe(0);
  expect(planRetirement({ ...full, idle: 5, stale: 5 })).toBe(1);
});

it("retires none while claims wait, or while the pool is paused or broken", () => {
  for (const change of [
    { waiting: 1 },
    { paused: true },
    { breaker: "starts" },
    { breaker: "claims" },
  ] as const)
    expect(planRetirement({ ...full, idle: 4, ...change })).toBe(0);
});

it.each([
  { target: 3, idle: 3 },
  { target: 0, idle: 2 },
  { target: 1, idle: 6 },
])("comes to an end with all replaced, one after the other: %o", ({ target, idle: atFirst }) => {
  let { idle, stale } = { idle: atFirst, stale: atFirst };
  for (let step = 0; stale > 0; step++) {
    expect(step).toBeLessThan(50);
    const facts = { ...full, target, idle, stale };
    const retired = planRetirement(facts);
    const started = planStarts(facts).own;
    expect(started + retired).toBeGreaterThan(0);
    expect(started).toBeLessThanOrEqual(1);
    idle += started - retired;
    stale -= retired;
    expect(idle).toBeGreaterThanOrEqual(target);
  }
  expect(idle).toBeLessThanOrEqual(Math.max(target + full.surge, atFirst));
});
