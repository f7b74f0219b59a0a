import { expect, test } from "vitest";
import { openTestWorkspace } from "../kit/testing.ts";
import { measurePictures } from "./bench.ts";
import { PICTURE_MAX_RSS_BYTES } from "./limits.ts";

test("every operation is timed, and stays far from the limit of memory", async () => {
  const { sandbox, dir, close } = openTestWorkspace();
  try {
    const measured = await measurePictures(sandbox, dir, 3, AbortSignal.timeout(60_000));
    expect(measured.map(({ name }) => name)).toEqual([
      "resize to 1,600 px, 3 megapixels",
      "convert to WebP, 3 megapixels",
      "crop, rotate by 10 degrees and annotate, 3 megapixels",
    ]);
    for (const { ms, peakRssBytes } of measured) {
      expect(ms).toBeGreaterThan(50);
      expect(peakRssBytes).toBeGreaterThan(40_000_000);
      expect(peakRssBytes).toBeLessThan(PICTURE_MAX_RSS_BYTES / 4);
    }
  } finally {
    await close();
  }
});
