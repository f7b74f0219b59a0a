import { expect, it } from "vitest";
import { peakMibOf, type Sample, summaryOf, windowsOf } from "./samples.ts";

const sample = (dueMs: number, liveMs: number | undefined, acknowledgedMs?: number): Sample => ({
  dueMs,
  lateMs: 0,
  acknowledgedMs,
  liveMs,
  failure: liveMs === undefined ? "503" : undefined,
});

it("reads each clock by itself and counts what never came as failed", () => {
  const samples = [sample(0, 20, 5), sample(1, undefined, 7), sample(2, undefined)];
  expect(summaryOf(samples, "liveMs")).toMatchObject({ n: 1, failed: 2, p50: 20 });
  expect(summaryOf(samples, "acknowledgedMs")).toMatchObject({ n: 2, failed: 1, max: 7 });
});

it("puts a claim into the ten seconds in which it was due, however late its answer, and leaves no window out", () => {
  const windows = windowsOf([sample(0, 30_000), sample(9_999, 10), sample(20_000, 40)], "liveMs");
  expect(windows.map(({ n, max }) => [n, max])).toEqual([
    [2, 30_000],
    [0, 0],
    [1, 40],
  ]);
});

it("says the most memory of all, whichever sample had it", () => {
  const of = (peakMib: number): Sample => ({ ...sample(0, 1), peakBytes: peakMib * 2 ** 20 });
  expect(peakMibOf([of(3), of(7), of(5), sample(0, 1)])).toBe(7);
});
