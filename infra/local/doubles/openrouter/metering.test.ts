import { describe, expect, it } from "vitest";
import { charge, EMPTY_METER, post, remainingUsd, usageUsd, windowStartMs } from "./metering.ts";

const at = (iso: string): number => Date.parse(iso);
const spend = (usd: number, iso: string) => post(charge(EMPTY_METER, usd, at(iso)), at(iso), 0);

describe("spending windows", () => {
  it("start at 00:00 UTC, on Monday, on the 1st", () => {
    const sunday = at("2026-03-01T23:59:59.999Z");
    expect(windowStartMs("daily", sunday)).toBe(at("2026-03-01T00:00:00Z"));
    expect(windowStartMs("weekly", sunday)).toBe(at("2026-02-23T00:00:00Z"));
    expect(windowStartMs("weekly", sunday + 1)).toBe(at("2026-03-02T00:00:00Z"));
    expect(windowStartMs("monthly", sunday)).toBe(at("2026-03-01T00:00:00Z"));
  });

  it("reset while the lifetime sum never does", () => {
    const meter = spend(2, "2026-03-31T23:00:00Z");
    const next = at("2026-04-01T00:00:00Z");
    expect(usageUsd(meter, "daily", next)).toBe(0);
    expect(usageUsd(meter, "weekly", next)).toBe(2);
    expect(usageUsd(meter, "monthly", next)).toBe(0);
    expect(usageUsd(meter, "lifetime", next)).toBe(2);
    expect(remainingUsd(meter, 5, "monthly", next)).toBe(5);
    expect(remainingUsd(meter, 5, "lifetime", next)).toBe(3);
    expect(remainingUsd(meter, 1, "lifetime", next)).toBe(0);
  });

  it("count a late charge in the window it was made in", () => {
    const charged = charge(EMPTY_METER, 2, at("2026-03-31T23:59:59Z"));
    const now = at("2026-04-01T00:00:30Z");
    expect(usageUsd(post(charged, now, 60_000), "lifetime", now)).toBe(0);
    const later = at("2026-04-01T00:01:00Z");
    const posted = post(charged, later, 60_000);
    expect(usageUsd(posted, "monthly", later)).toBe(0);
    expect(usageUsd(posted, "lifetime", later)).toBe(2);
    expect(posted.unposted).toEqual([]);
  });

  it("add up without binary dust", () => {
    const twice = charge(charge(EMPTY_METER, 0.1, 0), 0.2, 0);
    expect(usageUsd(post(twice, 0, 0), "lifetime", 0)).toBe(0.3);
  });
});
