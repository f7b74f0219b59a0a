import { afterEach, beforeEach, expect, it } from "vitest";
import { TestDouble } from "../../../infra/local/doubles/openrouter/testing.ts";
import { openTestWorkspace, type TestWorkspace } from "../kit/testing.ts";
import { createModelCallsSkill } from "./index.ts";

let provider: TestDouble;
let workspace: TestWorkspace;
beforeEach(async () => {
  provider = await TestDouble.start();
  workspace = openTestWorkspace();
});
afterEach(async () => {
  await provider.close();
  await workspace.close();
});

const models = {
  modelId: "a/main",
  judgeModelId: "a/fast",
  visionModelId: "a/eyes",
  fallbackModelIds: ["b/other"],
};
const costs = () => ({ turns: 3, totalUsd: 0.25, lastUsd: 0.0012 });
const skillWith = (key: string, baseUrl = provider.double.url) =>
  createModelCallsSkill({ baseUrl, key, models, costs });
const signal = AbortSignal.timeout(20_000);

it("says which models it has and what is left, by looking at the key", async () => {
  const { secret } = await provider.createKey({ limit: 20 });
  const { state, detail } = await skillWith(secret).setup(signal);
  expect(state).toBe("ready");
  expect(detail).toMatch(
    /Main a\/main, fast a\/fast, pictures a\/eyes, fallbacks b\/other\. \$\d+\.\d\d of credit are left\./,
  );
});

it("is off with a key that the provider does not take, and failing when it does not answer", async () => {
  expect(await skillWith("sk-or-v1-wrong").setup(signal)).toMatchObject({ state: "off" });
  expect(await skillWith("any", "http://127.0.0.1:1").setup(signal)).toMatchObject({ state: "failing" });
});

it("tells what the answers have cost", async () => {
  const { secret } = await provider.createKey({ limit: 20 });
  const [tool] = skillWith(secret).tools;
  const { text } = (await tool?.run({}, workspace.call())) ?? { text: "" };
  expect(text).toContain("3 answers have cost $0.25, the last one $0.0012.");
  expect(text).toContain("of credit are left");
});
