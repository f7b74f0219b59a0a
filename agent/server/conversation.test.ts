import { encodeText } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../infra/testing/eventually.ts";
import { sendContent, typingIndicatorCodec } from "../convos/index.ts";
import { NOBODY_ASKED } from "./testing/echo-brain.ts";
import { CLAIM_ID, joinByUrl, textsFrom, World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const INSTRUCTIONS = "You plan trips for a family of walruses.";

describe("a conversation", () => {
  it("greets once, gives itself to the first person, and answers each once, itself never", async () => {
    const agent = await world.startReadyAgent();
    const { inboxId } = await agent.status();
    const agentInbox = inboxId ?? "";
    const answer = await agent.provision({ claimId: CLAIM_ID, instructions: INSTRUCTIONS, name: "Walrus" });
    const [ada, bob] = [await world.person(), await world.person()];
    const group = await joinByUrl(ada, answer.inviteUrl);
    await eventually("the greeting", async () => (await textsFrom(group, agentInbox)).length > 0);
    const messages = await group.messages();
    const admitted = messages.find(({ contentType }) => contentType.typeId === "group_updated");
    const greeted = messages.find(({ content }) => typeof content === "string");
    expect(Number(greeted?.sentAt) - Number(admitted?.sentAt)).toBeLessThan(500);
    const bobs = await joinByUrl(bob, answer.inviteUrl);
    await eventually("ada to be super admin", async () => {
      await group.sync();
      return group.isSuperAdmin(ada.client.inboxId) && group.isSuperAdmin(agentInbox);
    });
    expect(group.isSuperAdmin(bob.client.inboxId)).toBe(false);
    await group.sendText("Where to?");
    await eventually("the answer", async () =>
      (await textsFrom(group, agentInbox)).includes("echo: Where to?"),
    );
    await bobs.sendText("instructions?");
    await eventually("the instructions", async () =>
      (await textsFrom(group, agentInbox)).includes(INSTRUCTIONS),
    );
    expect(await textsFrom(group, agentInbox)).toEqual([
      "Hi, I'm Walrus. What can I help you with?",
      "echo: Where to?",
      INSTRUCTIONS,
    ]);
  });

  it("shows eyes on banter, says nothing, and has it in mind once it is called", async () => {
    const agent = await world.startReadyAgent();
    const { inboxId } = await agent.status();
    const agentInbox = inboxId ?? "";
    const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "", name: "Walrus" });
    const group = await joinByUrl(await world.person(), inviteUrl);
    const bobs = await joinByUrl(await world.person(), inviteUrl);
    await eventually("the greeting", async () => (await textsFrom(group, agentInbox)).length === 1);
    await bobs.sendText("lol");
    const lastWord = await group.sendText(`${NOBODY_ASKED}, it rains`);
    const eyes = await eventually("the eyes", async () => {
      await bobs.sync();
      const messages = await bobs.messages();
      return messages.find(({ id }) => id === lastWord)?.reactions.at(0);
    });
    expect(eyes).toMatchObject({
      senderInboxId: agentInbox,
      content: { content: "👀", reference: lastWord },
    });
    await bobs.sendText("Walrus, did you hear?");
    await eventually("the answer", async () => (await textsFrom(group, agentInbox)).length === 2);
    expect((await textsFrom(group, agentInbox)).at(-1)).toBe(
      `echo: lol | ${NOBODY_ASKED}, it rains | Walrus, did you hear?`,
    );
    expect(agent.log).not.toContain("rains");
  });

  it("answers in Markdown where that is wanted, with the plain text for clients that show none", async () => {
    const agent = await world.startReadyAgent(1, { CONVOS_MARKDOWN: "on" });
    const { inboxId } = await agent.status();
    const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
    const group = await joinByUrl(await world.person(), inviteUrl);
    await group.sendText("a **bold** plan");
    const answer = await eventually("the answer", async () => {
      await group.sync();
      const messages = await group.messages();
      return messages.find(
        ({ senderInboxId, fallback }) => senderInboxId === inboxId && fallback?.includes("bold"),
      );
    });
    expect(answer).toMatchObject({
      contentType: { authorityId: "xmtp.org", typeId: "markdown" },
      content: "echo: a **bold** plan",
      fallback: "echo: a bold plan",
    });
  });

  it("answers text and text in reply, nothing else, and is not disturbed by a type it does not know", async () => {
    const agent = await world.startReadyAgent();
    const { inboxId } = await agent.status();
    const agentInbox = inboxId ?? "";
    const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
    const group = await joinByUrl(await world.person(), inviteUrl);
    const said = await eventually("the greeting", async () => {
      await group.sync();
      return (await group.messages()).find(({ content }) => typeof content === "string");
    });
    await group.sendReadReceipt();
    await group.sendText("  ");
    await sendContent(group, typingIndicatorCodec, { isTyping: true });
    const unknown = { authorityId: "example.org", typeId: "dance", versionMajor: 1, versionMinor: 0 };
    await group.send(
      { type: unknown, parameters: {}, content: new TextEncoder().encode("a dance") },
      { shouldPush: false },
    );
    await group.sendReply({
      reference: said.id,
      referenceInboxId: agentInbox,
      content: encodeText("a trip"),
    });
    await eventually("the answer", async () => (await textsFrom(group, agentInbox)).includes("echo: a trip"));
    await group.sendText("to Rome");
    await eventually("the answer", async () =>
      (await textsFrom(group, agentInbox)).includes("echo: to Rome"),
    );
    expect(await textsFrom(group, agentInbox)).toHaveLength(3);
    await eventually("what the SDK writes of it", () => agent.logged("console"));
    expect(agent.log).not.toContain("dance");
  });

  it("belongs to nobody where the owner is configured so", async () => {
    const agent = await world.startReadyAgent(1, { CONVERSATION_OWNER: "none" });
    const { inboxId } = await agent.status();
    const answer = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
    const group = await joinByUrl(await world.person(), answer.inviteUrl);
    await eventually("the greeting", async () => (await textsFrom(group, inboxId ?? "")).length > 0);
    expect(await textsFrom(group, inboxId ?? "")).toEqual(["Hi, I'm Agent. What can I help you with?"]);
    await group.sendText("hello");
    await eventually("the answer", async () => (await textsFrom(group, inboxId ?? "")).length === 2);
    expect(group.listSuperAdmins()).toEqual([inboxId]);
  });
});
