import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../infra/testing/eventually.ts";
import { ECHO_FILE, REQUESTS } from "./testing/echo-brain.ts";
import { CLAIM_ID, joinByUrl, textsFrom, World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

async function open(environment: Readonly<Record<string, string>> = {}) {
  const agent = await world.startReadyAgent(1, environment);
  const { inboxId } = await agent.status();
  const agentInbox = inboxId ?? "";
  const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
  const ada = await world.person();
  const group = await joinByUrl(ada, inviteUrl);
  const greeting = await eventually("the greeting", async () => {
    await group.sync();
    return (await group.messages()).find(({ content }) => typeof content === "string");
  });
  return { agent, agentInbox, ada, group, greeting };
}
const reactTo = (reference: string, referenceInboxId: string, content: string) =>
  ({ reference, referenceInboxId, content, action: 1, schema: 1 }) as const;

describe("a reaction", () => {
  it("to a message of the agent's is one turn; to anybody else's, or its own, it is none", async () => {
    const { agentInbox, ada, group, greeting } = await open();
    const own = await group.sendText("hello");
    await eventually("the answer", async () => (await textsFrom(group, agentInbox)).length === 2);
    await group.sendReaction(reactTo(own, ada.client.inboxId, "🙈"));
    await group.sendReaction(reactTo(greeting.id, agentInbox, "👍"));
    const heard = '[reacted 👍 to your message "Hi, I\'m Agent. What can I help you with?"]';
    await eventually("the turn", async () => (await textsFrom(group, agentInbox)).includes(`echo: ${heard}`));
    await group.sendText("and now?");
    await eventually("the next answer", async () =>
      (await textsFrom(group, agentInbox)).includes("echo: and now?"),
    );
    expect(await textsFrom(group, agentInbox)).toHaveLength(4);
  });

  it("to a message that is read only after a restart is not lost", async () => {
    const { agent, agentInbox, group, greeting } = await open();
    await agent.stop();
    await group.sendReaction(reactTo(greeting.id, agentInbox, "❤️"));
    await world.startReadyAgent(2);
    await eventually("the turn", async () =>
      (await textsFrom(group, agentInbox)).some((text) => text.includes("reacted ❤️")),
    );
  });
});

describe("the agent in a turn", () => {
  it("reacts to the message it answers, and sends a file, each before its answer", async () => {
    const { agentInbox, group } = await open();
    const asked = await group.sendText(REQUESTS.react);
    await eventually("the reaction", async () => {
      await group.sync();
      const message = (await group.messages()).find(({ id }) => id === asked);
      return message?.reactions.some(({ senderInboxId }) => senderInboxId === agentInbox);
    });
    await group.sendText(REQUESTS.file);
    const file = await eventually("the file", async () => {
      await group.sync();
      return (await group.messages()).find(({ contentType }) => contentType.typeId === "attachment");
    });
    expect(file).toMatchObject({
      senderInboxId: agentInbox,
      content: {
        filename: ECHO_FILE.filename,
        mimeType: ECHO_FILE.mimeType,
        content: new Uint8Array(Buffer.from("echo")),
      },
    });
  });

  it("shows that it has read and that it types", async () => {
    const { agentInbox, group } = await open({ ECHO_BRAIN_HOLD: world.holdFile });
    const seen: string[] = [];
    const stream = await group.stream({
      onValue: ({ senderInboxId, contentType }) => {
        if (senderInboxId === agentInbox) seen.push(contentType.typeId);
      },
    });
    await group.sendText("hello");
    await eventually("both", () => seen.includes("readReceipt") && seen.includes("typing_indicator"));
    expect(seen).not.toContain("text");
    await world.release();
    await eventually("the answer", () => seen.includes("text"));
    await stream.end();
  });

  it("that had begun to act when it was killed does not act again, and says so", async () => {
    const hold = { ECHO_BRAIN_HOLD: world.holdFile };
    const agent = await world.startReadyAgent(1, hold);
    const { inboxId } = await agent.status();
    const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
    const group = await joinByUrl(await world.person(), inviteUrl);
    await group.sendText(REQUESTS.act);
    await eventually("the turn", () => agent.logged("echo-turn-taken"));
    await agent.kill();
    await world.release();
    const again = await world.startReadyAgent(2, hold);
    await eventually("what is said of it", async () =>
      (await textsFrom(group, inboxId ?? "")).some((text) => text.startsWith("I was interrupted")),
    );
    expect(again.logged("echo-turn-taken")).toBe(false);
    expect((await textsFrom(group, inboxId ?? "")).join()).not.toContain("echo:");
  });
});
