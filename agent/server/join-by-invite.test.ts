import { randomBytes } from "node:crypto";
import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../infra/testing/eventually.ts";
import {
  catchUpJoinRequests,
  createInvite,
  encodeAppData,
  generateTag,
  joinRequestCodec,
  lockGroup,
  readContent,
  readTag,
  resolveProfiles,
} from "../convos/index.ts";
import { MemoryJoinLedger } from "../convos/testing/memory-ledger.ts";
import { CLAIM_ID, type Person, textsFrom, World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

interface Room {
  host: Person;
  group: Group<unknown>;
  url: string;
  /** Judges what waits, once. */
  admit(): Promise<void>;
}

async function openRoom(expiresAt?: Date): Promise<Room> {
  const host = await world.person();
  const tag = generateTag();
  const group = await host.client.conversations.createGroup([], {
    groupName: "Trip",
    appData: encodeAppData({ tag, profiles: [], imageEncryptionKey: randomBytes(32) }),
  });
  const { inboxId } = host.client;
  const { url } = createInvite({
    privateKey: host.privateKey,
    inboxId,
    groupId: group.id,
    tag,
    env: "local",
    expiresAt,
  });
  const deps = {
    client: host.client,
    privateKey: Buffer.from(host.privateKey.slice(2), "hex"),
    ledger: new MemoryJoinLedger(),
  };
  return { host, group, url, admit: async () => void (await catchUpJoinRequests(deps)) };
}

const agentTexts = async ({ group }: Room, inboxId: string | null): Promise<string[]> =>
  textsFrom(group, inboxId ?? "");

describe("a claim by invite", () => {
  it("is answered joined when the inviter admits the agent at once", async () => {
    const agent = await world.startReadyAgent();
    const room = await openRoom();
    const stopping = new AbortController();
    const admitting = (async () => {
      while (!stopping.signal.aborted) {
        await room.admit();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const answer = await agent.provision({
      claimId: CLAIM_ID,
      instructions: "",
      name: "Walrus",
      joinUrl: room.url,
    });
    stopping.abort();
    await admitting;
    const { joinInboxId } = await agent.status();
    expect(answer).toMatchObject({ outcome: "joined", conversationId: room.group.id, inviteUrl: null });
    expect(await agent.status()).toMatchObject({ conversationId: room.group.id, claimId: CLAIM_ID });
    await eventually("the greeting", async () => (await agentTexts(room, joinInboxId)).length > 0);
    await room.group.sendText("hello");
    await eventually("the answer", async () => (await agentTexts(room, joinInboxId)).includes("echo: hello"));
    expect(await agentTexts(room, joinInboxId)).toEqual([
      "Hi, I'm Walrus. What can I help you with?",
      "echo: hello",
    ]);
    expect(room.group.name).toBe("Trip");
    expect((await resolveProfiles(room.group)).get(joinInboxId ?? "")).toMatchObject({
      name: "Walrus",
      memberKind: 1,
    });

    await agent.explode("member");
    expect(await agent.exitCode).toBe(0);
    await eventually("the agent to be gone", async () => {
      await room.group.sync();
      return (await room.group.members()).length === 1;
    });
  });

  it("is pending until the inviter comes, over a restart, with one request, then reported", async () => {
    const agent = await world.startReadyAgent();
    const room = await openRoom();
    const request = { claimId: CLAIM_ID, instructions: "", joinUrl: room.url };
    expect(await agent.provision(request)).toMatchObject({
      outcome: "pending",
      conversationId: null,
      inviteUrl: null,
    });
    await agent.kill();
    const again = await world.startReadyAgent(2);
    await room.admit();
    expect(await world.platform.waitFor("joined")).toMatchObject({
      claimId: CLAIM_ID,
      conversationId: room.group.id,
      epoch: 2,
    });
    expect(await again.provision(request)).toMatchObject({
      outcome: "joined",
      conversationId: room.group.id,
    });
    const { joinInboxId } = await again.status();
    await eventually("the greeting", async () => (await agentTexts(room, joinInboxId)).length === 1);
    const dms = room.host.client.conversations.listDms();
    const requests = (await Promise.all(dms.map((dm) => dm.messages())))
      .flat()
      .filter((message) => readContent(message, joinRequestCodec) !== undefined);
    expect(requests).toHaveLength(1);
  }, 60_000);

  it.each(["before it is back", "after it is back"])(
    "joins although its invite has expired when it is admitted %s",
    async (when) => {
      const agent = await world.startReadyAgent();
      const expiresAt = new Date(Date.now() + 8_000);
      const room = await openRoom(expiresAt);
      const request = { claimId: CLAIM_ID, instructions: "", joinUrl: room.url };
      expect(await agent.provision(request)).toMatchObject({ outcome: "pending" });
      const { joinInboxId } = await agent.status();
      await agent.kill();
      const isEarly = when === "before it is back";
      if (isEarly) await room.admit();
      await eventually("the expiry", () => Date.now() > expiresAt.getTime() + 1_000);
      await world.startReadyAgent(2);
      if (!isEarly) await room.group.addMembers([joinInboxId ?? ""]);
      expect(await world.platform.waitFor("joined")).toMatchObject({ conversationId: room.group.id });
    },
    60_000,
  );

  it("is refused by the inviter: locked, revoked", async () => {
    const agent = await world.startReadyAgent();
    const room = await openRoom();
    await lockGroup(room.group);
    const admitting = (async () => {
      await eventually("the request", async () => {
        await room.admit();
        return room.host.client.conversations.listDms().length > 0;
      });
      await room.admit();
    })();
    const request = { claimId: CLAIM_ID, instructions: "", joinUrl: room.url };
    await expect(agent.provision(request)).rejects.toThrow("422 invite-revoked");
    await admitting;
    expect(await world.platform.waitFor("join-refused")).toMatchObject({
      claimId: CLAIM_ID,
      refusal: "invite-revoked",
    });
    await expect(agent.provision(request)).rejects.toThrow("422 invite-revoked");
  });

  it("is refused by itself for an invite that cannot be used, without having been taken", async () => {
    const agent = await world.startReadyAgent();
    const { host, group, url } = await openRoom();
    const { inboxId } = host.client;
    const base = { privateKey: host.privateKey, inboxId, groupId: group.id, tag: readTag(group.appData) };
    const expired = createInvite({ ...base, env: "local", expiresAt: new Date(Date.now() - 60_000) }).url;
    const foreign = createInvite({ ...base, env: "production" }).url;
    const cases: [string, string][] = [
      [expired, "422 invite-expired"],
      [foreign, "422 invite-foreign-network"],
      [`${url.slice(0, -20)}`, "422 invite-invalid"],
      ["hello", "422 invite-invalid"],
    ];
    for (const [joinUrl, refusal] of cases)
      await expect(agent.provision({ claimId: CLAIM_ID, instructions: "", joinUrl })).rejects.toThrow(
        refusal,
      );
    expect((await agent.status()).claimId).toBeNull();
    expect(await agent.provision({ claimId: CLAIM_ID, instructions: "" })).toMatchObject({
      outcome: "created",
    });
  });
});
