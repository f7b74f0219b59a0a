import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ToolError } from "../kit/tool-error.ts";
import { type AgentmailOptions, createAgentmailSkill } from "./index.ts";
import { openTestMailbox, storeOf, type TestMailbox } from "./testing/mailbox.ts";

let box: TestMailbox;
beforeEach(async () => {
  box = await openTestMailbox();
});
afterEach(() => box.close());

const skillWith = (mailbox: AgentmailOptions["mailbox"]) =>
  createAgentmailSkill({
    mailbox,
    baseUrl: box.test.double.url,
    events: storeOf(new Map()),
    sandbox: box.workspace.sandbox,
  });
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

describe("the mail skill", () => {
  it("is ready when its key opens the mailbox", async () => {
    const key = await box.test.keyOf(box.address);
    const skill = skillWith(async () => ({ inboxId: box.address, key }));
    expect(await skill.setup(signal())).toEqual({ state: "ready", detail: `AgentMail, as ${box.address}.` });
  });

  it("is off without a mailbox, and its tools say so", async () => {
    const skill = skillWith(async () => undefined);
    expect((await skill.setup(signal())).state).toBe("off");
    for (const [index, params] of [
      { to: ["ann@outside.example"], text: "Hello" },
      { action: "create" },
      { action: "list" },
    ].entries())
      await expect(skill.tools[index]?.run(params, box.workspace.call())).rejects.toThrow(/no mailbox/);
  });

  it("says why it fails, and never the key", async () => {
    const key = "am_not_a_key_of_this_mailbox";
    const refused = await skillWith(async () => ({ inboxId: box.address, key })).setup(signal());
    expect(refused.state).toBe("failing");
    expect(refused.detail).toMatch(/refuses the mailbox's key/);
    expect(refused.detail).not.toContain(key);
    const making = skillWith(async () => {
      throw new ToolError("The mailbox is being made.");
    });
    expect(await making.setup(signal())).toEqual({ state: "failing", detail: "The mailbox is being made." });
    await expect(making.tools[2]?.run({ action: "list" }, box.workspace.call())).rejects.toThrow(
      /being made/,
    );
  });

  it("adds no more than two thousand characters to a request", () => {
    const offered = skillWith(async () => undefined).tools.map(({ name, description, parameters }) =>
      JSON.stringify({ name, description, parameters }),
    );
    expect(offered.join("").length).toBeLessThanOrEqual(2_000);
  });
});
