import { describe, expect, it } from "vitest";
import { type ClaimFacts, nextClaimAction, type OpenOutcome } from "./claim-step.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const next = (outcome: OpenOutcome, change: Partial<ClaimFacts> = {}) =>
  nextClaimAction({ outcome, ageMs: 0, unservedMs: 0, unservedLooks: 0, ...change });

describe("nextClaimAction", () => {
  it.each([
    ["waiting", { ageMs: 16 * MINUTE_MS }, "claim-expired"],
    ["pending", { ageMs: 3 * DAY_MS + 1 }, "join-refused"],
    ["recovering", { ageMs: 31 * MINUTE_MS, unservedMs: 31 * MINUTE_MS }, "claim-failed"],
    ["replaced", { ageMs: 31 * MINUTE_MS, unservedMs: 31 * MINUTE_MS }, "claim-failed"],
    ["recovering", { ageMs: 3 * DAY_MS + 1 }, "claim-failed"],
  ] as const)("gives up one that is %s for too long", (outcome, change, code) => {
    expect(next(outcome, change)).toEqual({ do: "fail", code });
  });

  it.each([
    ["waiting", { ageMs: 15 * MINUTE_MS }],
    ["pending", { ageMs: 2 * DAY_MS }],
    ["recovering", { ageMs: 2 * DAY_MS, unservedMs: 29 * MINUTE_MS }],
  ] as const)("keeps one that is %s within its time", (outcome, change) => {
    expect(next(outcome, change).do).toBe("look");
  });

  it("looks less and less often while the agent is being started again", () => {
    const pauses = [0, 1, 2, 3, 4, 40].map((unservedLooks) => next("recovering", { unservedLooks }));
    expect(pauses.map((look) => look.do === "look" && look.afterMs)).toEqual([
      ...[5_000, 10_000, 20_000, 40_000],
      ...[60_000, 60_000],
    ]);
  });

  it("tries another instance at once, but not for ever", () => {
    expect(next("replaced", { unservedLooks: 2 })).toEqual({ do: "look", afterMs: 0 });
    expect(next("replaced", { unservedLooks: 3 })).toEqual({ do: "look", afterMs: 40_000 });
  });
});
