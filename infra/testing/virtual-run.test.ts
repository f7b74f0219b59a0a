import { msNumberToTs } from "@temporalio/common/lib/time.js";
import { describe, expect, it } from "vitest";
import { backoffMs } from "./virtual-run.ts";

describe("backoffMs", () => {
  const policy = {
    initialInterval: msNumberToTs(1_000),
    maximumInterval: msNumberToTs(5 * 60_000),
    backoffCoefficient: 2,
  };
  it.each([
    [1, 0],
    [2, 1_000],
    [3, 3_000],
    [10, 511_000],
    [11, 811_000],
    [12, 1_111_000],
  ])("before attempt %i comes to %i ms", (attempt, ms) => {
    expect(backoffMs(policy, attempt)).toBe(ms);
  });
});
