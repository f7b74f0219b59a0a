import { expect, it } from "vitest";
import { PlatformError } from "../domain/errors.ts";
import { RateLimit } from "./rate-limit.ts";

function limitAt(perSecond: number, burst: number) {
  const clock = { nowMs: 0 };
  const limit = new RateLimit({ perSecond, burst }, () => clock.nowMs);
  const taken = (caller: string): true | PlatformError => {
    try {
      limit.take(caller);
      return true;
    } catch (error) {
      if (error instanceof PlatformError) return error;
      throw error;
    }
  };
  return { clock, taken };
}

it("lets a burst through, then refuses with the time until the next one", () => {
  const { clock, taken } = limitAt(4, 3);
  expect([taken("a"), taken("a"), taken("a")]).toEqual([true, true, true]);
  expect(taken("a")).toMatchObject({ code: "rate-limited", retryAfterMs: 250 });
  clock.nowMs = 249;
  expect(taken("a")).toMatchObject({ code: "rate-limited" });
  clock.nowMs = 251;
  expect(taken("a")).toBe(true);
});

it("refuses nobody for what another one did, and never holds more than a burst", () => {
  const { clock, taken } = limitAt(1, 2);
  taken("a");
  taken("a");
  expect(taken("a")).not.toBe(true);
  expect(taken("b")).toBe(true);
  clock.nowMs = 3_600_000;
  expect([taken("a"), taken("a")]).toEqual([true, true]);
  expect(taken("a")).not.toBe(true);
});

it("forgets whoever was quiet the longest, so that its memory is bounded", () => {
  const { taken } = limitAt(1, 1);
  taken("quiet");
  for (let index = 0; index < 10_000; index++) taken(`caller-${index}`);
  expect(taken("quiet")).toBe(true);
  expect(taken("caller-9999")).not.toBe(true);
});
