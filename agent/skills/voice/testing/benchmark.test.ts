import { expect, it } from "vitest";
import { openTestWorkspace } from "../../kit/testing.ts";
import { benchmarkConversion } from "./benchmark.ts";

it("a minute is converted in bounded time and memory", async () => {
  const workspace = openTestWorkspace();
  try {
    const figures = await benchmarkConversion(workspace.sandbox, workspace.dir, 60);
    expect(figures.audioSeconds).toBe(60);
    expect(figures.ms).toBeLessThan(20_000);
    expect(figures.peakRssBytes).toBeGreaterThan(1_000_000);
    expect(figures.peakRssBytes).toBeLessThan(256 * 1_024 * 1_024);
  } finally {
    await workspace.close();
  }
}, 120_000);
