import { expect, it } from "vitest";
import { highestRates, isOverCliff, type Step } from "./cliff.ts";

const step = (rate: number, [p50, p90, p99]: [number, number, number], failed = 0): Step => ({
  rate,
  live: { n: 100, failed, p50, p90, p99, max: p99 },
});

it("tells the highest rate that holds the goal from the highest that still stands", () => {
  const steps = [
    step(45, [20, 60, 120]),
    step(60, [40, 80, 150]),
    step(75, [41, 80, 150]),
    step(90, [300, 800, 1_001]),
  ];
  expect(highestRates(steps)).toEqual({ goal: 60, standing: 75 });
});

it("knows no rate where none holds", () => {
  expect(highestRates([step(45, [100, 200, 2_000])])).toEqual({ goal: undefined, standing: undefined });
});

it("takes a refusal for the cliff, however fast the others are", () => {
  expect(isOverCliff(step(45, [1, 2, 3], 1))).toBe(true);
  expect(isOverCliff(step(45, [1, 2, 1_000]))).toBe(false);
});
