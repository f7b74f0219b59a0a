import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ClientOptions, type Group, type IdentifierKind, type Signer } from "@xmtp/node-sdk";
import { toBytes } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../testing/eventually.ts";
import { startXmtpNode, type XmtpNode } from "./node.ts";

/** The SDK declares it as a const enum, which cannot be imported as a value. */
const ETHEREUM: IdentifierKind = 0;

let folder: string;
let node: XmtpNode;

function newSigner(): Signer {
  const account = privateKeyToAccount(generatePrivateKey());
  return {
    type: "EOA",
    getIdentifier: () => ({
      identifier: account.address.toLowerCase(),
      identifierKind: ETHEREUM,
    }),
    signMessage: async (message) => toBytes(await account.signMessage({ message })),
  };
}

const openClient = (name: string, signer = newSigner()) => {
  // Given as a literal, these options are refused by the SDK's types.
  const options: ClientOptions = {
    env: "local",
    apiUrl: node.url,
    dbPath: join(folder, name),
    disableDeviceSync: true,
  };
  return Client.create(signer, options);
};
type Person = Awaited<ReturnType<typeof openClient>>;

async function groupOf(person: Person, id: string): Promise<Group> {
  await person.conversations.sync();
  const group = await person.conversations.getConversationById(id);
  if (!group || !("name" in group)) throw new Error("no such group");
  await group.sync();
  return group;
}

async function textsOf(conversation: Pick<Group, "messages" | "sync">): Promise<string[]> {
  await conversation.sync();
  return knownTextsOf(conversation);
}

async function knownTextsOf(conversation: Pick<Group, "messages">): Promise<string[]> {
  const contents = (await conversation.messages()).map((message) => message.content);
  return contents.filter((content) => typeof content === "string");
}

describe("a local XMTP node and real clients", () => {
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let group: Group;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "xmtp-node-"));
    node = await startXmtpNode({ dataDir: join(folder, "node") });
    [alice, bob, carol] = await Promise.all([openClient("alice"), openClient("bob"), openClient("carol")]);
    group = await alice.conversations.createGroup([bob.inboxId], { groupName: "trip", appData: "v1" });
  });

  afterAll(async () => {
    await node.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("carries a group, its texts and its app data both ways", async () => {
    const bobsGroup = await groupOf(bob, group.id);
    expect([bobsGroup.name, bobsGroup.appData]).toEqual(["trip", "v1"]);
    await group.sendText("from alice");
    await bobsGroup.sync();
    await bobsGroup.sendText("from bob");
    expect(await textsOf(group)).toEqual(["from alice", "from bob"]);
    expect(await textsOf(bobsGroup)).toEqual(["from alice", "from bob"]);
    await group.updateAppData("v2");
    await bobsGroup.sync();
    expect(bobsGroup.appData).toBe("v2");
  });

  it("finds people by their address", async () => {
    const known = { identifier: `0x${"12".repeat(20)}`, identifierKind: ETHEREUM };
    expect((await alice.canMessage([known])).get(known.identifier)).toBe(false);
    const stranger = newSigner();
    const identifier = await stranger.getIdentifier();
    const client = await openClient("stranger", stranger);
    expect((await alice.canMessage([identifier])).get(identifier.identifier)).toBe(true);
    expect(await alice.fetchInboxIdByIdentifier(identifier)).toBe(client.inboxId);
  });

  it("streams texts, also of a group made after the stream began", async () => {
    const streamed: unknown[] = [];
    const stream = await carol.conversations.streamAllMessages({
      onValue: (message) => streamed.push(message.content),
    });
    const late = await bob.conversations.createGroup([carol.inboxId]);
    const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
    for (const text of texts) await late.sendText(text);
    await eventually("the last text", () => streamed.includes("text 29"));
    await stream.end();
    expect(await textsOf(await groupOf(carol, late.id))).toEqual(texts);
  });

  it("carries a direct conversation", async () => {
    const dm = await alice.conversations.createDm(carol.inboxId);
    await dm.sendText("psst");
    await carol.conversations.sync();
    const carolsDm = carol.conversations.getDmByInboxId(alice.inboxId);
    if (!carolsDm) throw new Error("carol has no DM");
    expect(await textsOf(carolsDm)).toEqual(["psst"]);
    await carolsDm.sendText("yes?");
    expect(await textsOf(dm)).toEqual(["psst", "yes?"]);
  });

  it("adds a member, who reads what follows, and removes it again", async () => {
    await group.addMembers([carol.inboxId]);
    const carolsGroup = await groupOf(carol, group.id);
    await group.sendText("welcome carol");
    expect(await textsOf(carolsGroup)).toEqual(["welcome carol"]);
    await group.removeMembers([carol.inboxId]);
    await group.sendText("without carol");
    await carolsGroup.sync();
    expect(carolsGroup.isActive).toBe(false);
    expect(await knownTextsOf(carolsGroup)).not.toContain("without carol");
  });

  const failures = [
    { when: "before", kind: "unavailable" },
    { when: "after", kind: "unavailable" },
    { when: "before", kind: "reset" },
    { when: "after", kind: "reset" },
  ] as const;
  it.for(failures)("delivers once a text whose sending fails: $kind $when", async ({ when, kind }) => {
    const calls = node.calls.get("SendGroupMessages") ?? 0;
    node.faults.add({ method: "SendGroupMessages", when, kind, times: 1 });
    await group.sendText(`${kind} ${when}`);
    expect(node.faults.list()).toEqual([]);
    expect(node.calls.get("SendGroupMessages")).toBeGreaterThan(calls + 1);
    const texts = await textsOf(await groupOf(bob, group.id));
    expect(texts.filter((text) => text === `${kind} ${when}`)).toHaveLength(1);
  });

  it("lets its clients go on after a restart on the same port and folder", async () => {
    const restarts: number[] = [];
    const streamed: unknown[] = [];
    const bobsGroup = await groupOf(bob, group.id);
    const stream = await bob.conversations.streamAllMessages({
      retryAttempts: 100,
      retryDelay: 100,
      onValue: (message) => streamed.push(message.content),
      onRestart: () => restarts.push(Date.now()),
    });
    await group.sendText("before the restart");
    await eventually("the text before", () => streamed.includes("before the restart"));
    const before = await textsOf(group);
    const { port } = node;
    await node.close();
    node = await startXmtpNode({ port, dataDir: join(folder, "node") });
    await eventually("the stream's restart", () => restarts[0]);
    // A stream reports nothing that was sent before it had fully restarted, so several texts may be needed.
    const after: string[] = [];
    await eventually("a text after the restart", async () => {
      const text = `after the restart ${after.length}`;
      after.push(text);
      await group.sendText(text);
      return after.some((sent) => streamed.includes(sent));
    });
    await stream.end();
    expect(await textsOf(bobsGroup)).toEqual([...before, ...after]);
    const newcomer = await openClient("newcomer");
    await group.addMembers([newcomer.inboxId]);
    await group.sendText("welcome newcomer");
    expect(await textsOf(await groupOf(newcomer, group.id))).toEqual(["welcome newcomer"]);
  });
});
