import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createExpiryTimer } from "./expiry-timer.ts";

describe("the expiry timer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("fires once, at its time, however far away, and the last arming counts", () => {
    let fired = 0;
    const timer = createExpiryTimer(() => {
      fired += 1;
    });
    const hundredDaysMs = 100 * 24 * 60 * 60_000;
    timer.arm(Date.now() + hundredDaysMs);
    vi.advanceTimersByTime(hundredDaysMs - 1);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(1);
    expect(fired).toBe(1);
    timer.arm(Date.now() + 10_000);
    timer.arm(Date.now() + 20_000);
    vi.advanceTimersByTime(10_000);
    expect(fired).toBe(1);
    timer.stop();
    vi.advanceTimersByTime(60_000);
    expect(fired).toBe(1);
    timer.arm(Date.now() - 1);
    expect(fired).toBe(2);
  });
});
