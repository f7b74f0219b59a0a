import { expect, it } from "vitest";
import { burstArrivals, poissonArrivals } from "./arrivals.ts";

it("draws about as many arrivals as the rate says, in order, within the time, the same for the same seed", () => {
  const arrivals = poissonArrivals({ perSecond: 45, seconds: 60 });
  expect(Math.abs(arrivals.length - 2_700)).toBeLessThan(4 * Math.sqrt(2_700));
  expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
  expect(arrivals.at(-1)).toBeLessThan(60_000);
  expect(poissonArrivals({ perSecond: 45, seconds: 60 })).toEqual(arrivals);
  expect(poissonArrivals({ perSecond: 45, seconds: 60 }, 43)).not.toEqual(arrivals);
});

it("spreads them as Poisson does: the gaps are as long on average as they deviate", () => {
  const arrivals = poissonArrivals({ perSecond: 100, seconds: 100 });
  const gaps = arrivals.map((at, index) => at - (arrivals[index - 1] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(deviation / mean).toBeGreaterThan(0.95);
  expect(deviation / mean).toBeLessThan(1.05);
});

it("lets a burst come at once", () => {
  expect(burstArrivals(3)).toEqual([0, 0, 0]);
});
