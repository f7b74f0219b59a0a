import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openTestWorkspace } from "../kit/testing.ts";
import { TOOL_LIMITS } from "../kit/tool.ts";
import { createBrowsingSkill } from "./index.ts";
import { measurePageToText } from "./measure.ts";
import { startSite } from "./testing/site.ts";

/** Characters of the whole tool that every request to the model carries. */
const TOOL_MAX_CHARS = 3_200;

it("measures a page from address to text", async () => {
  const site = await startSite({ "/": "<h1>Read me</h1>" });
  const workspace = openTestWorkspace();
  const tmpDir = mkdtempSync(join(tmpdir(), "measure-"));
  try {
    const options = { tmpDir, allowedPages: [`${site.url}/`] };
    const measured = await measurePageToText(options, site.url, 2, workspace.call());
    expect(measured.textChars).toBeGreaterThan(20);
    expect(measured.warmMs).toHaveLength(2);
    expect(Math.min(...measured.warmMs)).toBeLessThan(measured.coldMs);
    expect(measured.memoryBytes).toBeGreaterThan(50_000_000);
  } finally {
    await workspace.close();
    await site.close();
    await rm(tmpDir, { recursive: true, force: true });
  }
});

it("keeps within what a tool may cost and take", () => {
  const [tool] = createBrowsingSkill({ tmpDir: tmpdir() }).tools;
  const { name, description, parameters, timeoutMs } = tool ?? {};
  expect(JSON.stringify({ name, description, parameters }).length).toBeLessThan(TOOL_MAX_CHARS);
  expect(timeoutMs).toBeLessThanOrEqual(TOOL_LIMITS.timeoutMaxMs);
});
