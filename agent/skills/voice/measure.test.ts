import { expect, it } from "vitest";
import { openTestWorkspace } from "../kit/testing.ts";
import { measurableAudio } from "./measure.ts";

it("a minute is converted in bounded time and memory", async () => {
  const workspace = openTestWorkspace();
  try {
    const [conversion] = await measurableAudio(workspace.sandbox, workspace.dir, 60);
    const measured = await conversion?.run(AbortSignal.timeout(60_000));
    expect(measured?.ms).toBeLessThan(20_000);
    expect(measured?.peakBytes).toBeGreaterThan(10_000_000);
    expect(measured?.peakBytes).toBeLessThan(256 * 1_024 * 1_024);
  } finally {
    await workspace.close();
  }
}, 120_000);
