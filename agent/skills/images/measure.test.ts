import { expect, it } from "vitest";
import { openTestWorkspace } from "../kit/testing.ts";
import { PICTURE_MAX_RSS_BYTES } from "./limits.ts";
import { measurablePictures } from "./measure.ts";

it("every operation is timed, and stays far from the limit of memory", async () => {
  const { sandbox, dir, close } = openTestWorkspace();
  try {
    const measurables = await measurablePictures(sandbox, dir, 3);
    expect(measurables).toHaveLength(3);
    for (const { operation, run } of measurables) {
      const { ms, peakBytes } = await run(AbortSignal.timeout(60_000));
      expect(ms, operation).toBeGreaterThan(50);
      expect(peakBytes, operation).toBeGreaterThan(40_000_000);
      expect(peakBytes, operation).toBeLessThan(PICTURE_MAX_RSS_BYTES / 4);
    }
  } finally {
    await close();
  }
});
