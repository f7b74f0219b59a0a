import { afterAll, beforeAll, expect, it } from "vitest";
import { SANDBOX_LIMITS } from "../kit/sandbox.ts";
import { openTestWorkspace, type TestWorkspace } from "../kit/testing.ts";
import { workOnFiles } from "./index.ts";
import { measurableFiles } from "./measure.ts";

let workspace: TestWorkspace;
beforeAll(() => {
  workspace = openTestWorkspace();
});
afterAll(() => workspace.close());

it("a PDF of 100 pages and a sheet of 50,000 rows stay well within the limits of time and memory", async () => {
  const { sandbox, dir } = workspace;
  const signal = AbortSignal.timeout(200_000);
  const measurables = measurableFiles(sandbox, dir);
  expect(measurables).toHaveLength(5);
  for (const { operation, run } of measurables)
    expect((await run(signal)).peakBytes, operation).toBeLessThan(0.75 * SANDBOX_LIMITS.maxRssBytes);
  const { text } = await workOnFiles(
    sandbox,
    { operation: "read", path: "measure.xlsx", part: "50001" },
    signal,
  );
  expect(text).toContain("50001\t49999\tPort 49999\t");
  expect(text).toContain("\t2026-05-31\t=A1\ta, b\t");
}, 240_000);
