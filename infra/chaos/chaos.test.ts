import { expect, it } from "vitest";
import { PARTS } from "./parts.ts";
import { describeRun } from "./report.ts";
import { runChaos } from "./run.ts";

const SEED = 20_261_122;

it("claims while every part is killed are neither lost nor given twice, and leave nothing behind", async () => {
  const log: string[] = [];
  const report = await runChaos({
    seed: SEED,
    claims: 30,
    callers: 10,
    target: 8,
    surge: 12,
    pace: { calmMs: { min: 2_000, max: 4_000 }, downMs: { min: 0, max: 300 } },
    say: (text) => log.push(text),
  });
  const told = [...log.slice(-20), describeRun(report)].join("\n");
  expect(report.findings, told).toEqual([]);
  expect(report.unrest, told).toBeUndefined();
  expect(new Set(report.kills.map(({ part }) => part)), told).toEqual(new Set(PARTS));
  expect(report.served, told).toBeGreaterThan(20);
  expect(report.endedByThemselves, told).toEqual({});
}, 180_000);
