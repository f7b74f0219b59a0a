import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openTestWorkspace } from "../kit/testing.ts";
import { TOOL_LIMITS } from "../kit/tool.ts";
import { createBrowsingSkill } from "./index.ts";
import { BROWSING_LIMITS } from "./limits.ts";
import { measurablePage } from "./measure.ts";
import { startSite } from "./testing/site.ts";

/** Characters of the whole tool that every request to the model carries. */
const TOOL_MAX_CHARS = 3_200;

it("measures a page from address to text", async () => {
  const site = await startSite({ "/": "<h1>Read me</h1>" });
  const workspace = openTestWorkspace();
  const tmpDir = mkdtempSync(join(tmpdir(), "measure-"));
  try {
    const options = { tmpDir, allowedPages: [`${site.url}/`] };
    const [cold, warm] = measurablePage(options, `${site.url}/`, workspace.call());
    const signal = AbortSignal.timeout(60_000);
    const first = await cold?.run(signal);
    const again = await warm?.run(signal);
    expect(site.requests.filter((request) => request === "GET /")).toHaveLength(3);
    expect(again?.ms).toBeLessThan(first?.ms ?? 0);
    for (const measured of [first, again]) {
      expect(measured?.peakBytes).toBeGreaterThan(50_000_000);
      expect(measured?.peakBytes).toBeLessThan(BROWSING_LIMITS.memoryMaxBytes);
    }
  } finally {
    await workspace.close();
    await site.close();
    await rm(tmpDir, { recursive: true, force: true });
  }
}, 90_000);

it("keeps within what a tool may cost and take", () => {
  const [tool] = createBrowsingSkill({ tmpDir: tmpdir() }).tools;
  const { name, description, parameters, timeoutMs } = tool ?? {};
  expect(JSON.stringify({ name, description, parameters }).length).toBeLessThan(TOOL_MAX_CHARS);
  expect(timeoutMs).toBeLessThanOrEqual(TOOL_LIMITS.timeoutMaxMs);
});
