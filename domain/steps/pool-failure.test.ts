import { describe, expect, it } from "vitest";
import { afterFailedStart, commonFailure, type FailureFacts } from "./pool-failure.ts";

const facts: FailureFacts = { failuresInARow: 0, rolloutFailures: 0, generation: "g2", isRollout: false };

describe("afterFailedStart", () => {
  it("backs off twice as long each time, up to five minutes", () => {
    const pauses = [0, 1, 2, 8, 20, 2_000].map(
      (failuresInARow) => afterFailedStart({ ...facts, failuresInARow }, "never-ready").retryAfterS,
    );
    expect(pauses).toEqual([1, 2, 4, 256, 300, 300]);
  });

  it("pauses at the eighth failure in a row", () => {
    expect(afterFailedStart({ ...facts, failuresInARow: 6 }, "never-ready").pauseReason).toBeUndefined();
    expect(afterFailedStart({ ...facts, failuresInARow: 7 }, "compute/denied").pauseReason).toBe(
      "8 instances in a row did not become ready, the last one: compute/denied",
    );
  });

  it("stops a rollout at its third failure in a row, and counts only its own", () => {
    const second = { ...facts, rolloutFailures: 2 };
    expect(afterFailedStart(second, "never-ready")).toMatchObject({
      rolloutFailures: 2,
      pauseReason: undefined,
    });
    expect(afterFailedStart({ ...second, isRollout: true }, "never-ready").pauseReason).toBe(
      "the rollout of g2 stopped: 3 of its instances in a row did not become ready, the last one: never-ready",
    );
  });
});

describe("commonFailure", () => {
  it("is what three of the last five starts failed with", () => {
    expect(commonFailure(["a", "a", "a"])).toBe("a");
    expect(commonFailure(["b", "a", undefined, "a", "a"])).toBe("a");
    expect(commonFailure(["a", "b", "a", "b", undefined])).toBeUndefined();
    expect(commonFailure(["a", "a", undefined, undefined, undefined, "a"])).toBeUndefined();
    expect(commonFailure([undefined, undefined, undefined])).toBeUndefined();
    expect(commonFailure([])).toBeUndefined();
  });
});
