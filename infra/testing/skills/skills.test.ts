import { afterAll, beforeAll, expect, it } from "vitest";
import { SkillScene } from "./scene.ts";

/**
 * Every skill as a person meets it: her message over XMTP, openclaw, the scripted model that picks the tool, the real tool,
 * and what has come of it, looked at where it ends.
 */
let scene: SkillScene;

beforeAll(async () => {
  scene = await SkillScene.open();
}, 300_000);
afterAll(() => scene[Symbol.asyncDispose](), 60_000);

it("model calls: tells what they have cost", async () => {
  const { text } = await scene.use("model_costs", {}, "What have you cost so far?");
  expect(text).toMatch(/answers have cost \$\d+\.\d+/);
  expect(text).toMatch(/\$19\.\d\d of credit are left/);
});

it("browsing: books a table on the form and tells its confirmation code", async () => {
  const url = `${scene.agentUrl}/web-tools/form`;
  const { text } = await scene.use("browse", { steps: [{ do: "open", url }, { do: "read" }] });
  expect(text).toContain("x");
});
