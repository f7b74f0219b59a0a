import { describe, expect, it } from "vitest";
import { type PoolFacts, planStarts } from "./pool-plan.ts";

const facts: PoolFacts = {
  target: 4,
  surge: 2,
  idle: 0,
  starting: 0,
  waiting: 0,
  stale: 0,
  extra: 0,
  allowance: 100,
  paused: false,
  backingOff: false,
  breaker: undefined,
};

describe("planStarts", () => {
  it("fills up to the target, no more than the surge at once", () => {
    expect(planStarts(facts).own).toBe(2);
    expect(planStarts({ ...facts, starting: 2 }).own).toBe(0);
    expect(planStarts({ ...facts, idle: 3 }).own).toBe(1);
    expect(planStarts({ ...facts, idle: 4 }).own).toBe(0);
  });

  it("makes one more for each waiting claim", () => {
    expect(planStarts({ ...facts, target: 0, surge: 5, waiting: 3, starting: 1 }).own).toBe(2);
  });

  it("starts only what an operator asked for while paused or backing off", () => {
    expect(planStarts({ ...facts, paused: true, extra: 3 })).toEqual({ own: 0, extra: 3 });
    expect(planStarts({ ...facts, backingOff: true })).toEqual({ own: 0, extra: 0 });
  });

  it("starts no more than its rate allows, and what an operator asked for nevertheless", () => {
    expect(planStarts({ ...facts, allowance: 1 }).own).toBe(1);
    expect(planStarts({ ...facts, allowance: 0, extra: 3 })).toEqual({ own: 0, extra: 3 });
  });

  it("starts one replacement at a time beside a full pool", () => {
    const full = { ...facts, idle: 4 };
    expect(planStarts({ ...full, stale: 4 }).own).toBe(1);
    expect(planStarts({ ...full, stale: 4, starting: 1 }).own).toBe(0);
    expect(planStarts({ ...full, idle: 5, stale: 4 }).own).toBe(0);
    expect(planStarts({ ...full, idle: 5, stale: 5 }).own).toBe(1);
    expect(planStarts({ ...full, stale: 4, paused: true }).own).toBe(0);
    expect(planStarts({ ...full, surge: 0, stale: 4 }).own).toBe(0);
  });

  it("tries one at a time with an open breaker, for claims also beside a full pool", () => {
    expect(planStarts({ ...facts, breaker: "starts" }).own).toBe(1);
    expect(planStarts({ ...facts, breaker: "starts", starting: 1 }).own).toBe(0);
    expect(planStarts({ ...facts, breaker: "starts", idle: 4 }).own).toBe(0);
    expect(planStarts({ ...facts, breaker: "claims", idle: 4 }).own).toBe(1);
    expect(planStarts({ ...facts, breaker: "claims", idle: 6 }).own).toBe(0);
    expect(planStarts({ ...facts, breaker: "claims", surge: 0 }).own).toBe(0);
  });

  it("never plans while idle and starting reach target, surge and queue together", () => {
    for (let idle = 0; idle < 12; idle++) {
      for (let starting = 0; starting < 12; starting++) {
        for (let waiting = 0; waiting < 4; waiting++) {
          for (const breaker of [undefined, "starts", "claims"] as const) {
            for (const stale of [0, 1, idle]) {
              const { own } = planStarts({ ...facts, idle, starting, waiting, stale, breaker });
              if (own > 0)
                expect(idle + starting + own - 1).toBeLessThan(facts.target + facts.surge + waiting);
            }
          }
        }
      }
    }
  });
});
