import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentAttestation } from "../../domain/attestation.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import {
  catchUpJoinRequests,
  createInvite,
  decodeAppData,
  decryptImage,
  encodeAppData,
  profileUpdateCodec,
  readContent,
} from "../convos/index.ts";
import { MemoryJoinLedger } from "../convos/testing/memory-ledger.ts";
import { startFileServer } from "./attachments/testing/file-server.ts";
import { statePaths } from "./state/paths.ts";
import {
  ADDRESS_WORDS,
  isAnswered,
  PICTURE_WORDS,
  PictureScene,
  PNG,
  pictureOf,
  profileOf,
} from "./testing/picture-scene.ts";
import { joinByUrl } from "./testing/world.ts";

let scene: PictureScene;
beforeEach(async () => {
  scene = await PictureScene.open();
});
afterEach(() => scene.close());

/** As a member's client does it: fetched by the reference, opened with the group's key. */
async function shownTo(group: Group<unknown>, inboxId: string): Promise<Buffer> {
  const ref = await pictureOf(group, inboxId);
  const response = await fetch(ref.url);
  expect(response.status).toBe(200);
  const key = decodeAppData(group.appData)?.imageEncryptionKey ?? new Uint8Array();
  return Buffer.from(decryptImage(key, ref, new Uint8Array(await response.arrayBuffer())) ?? "");
}

/** The agent's own profile messages, oldest first. */
async function updatesBy(inboxId: string, group: Group<unknown>) {
  await group.sync();
  return (await group.messages()).flatMap((message) => {
    const update = readContent(message, profileUpdateCodec);
    return update !== undefined && message.senderInboxId === inboxId ? [update] : [];
  });
}

describe("a claim's picture", () => {
  it("is shown sealed to those who are there and who come later, keeps nobody waiting and ends with the agent", async () => {
    const release = scene.hold();
    const { agent, agentInbox, inviteUrl } = await scene.claimed();
    const ada = await scene.enter(inviteUrl, agentInbox);
    expect(await profileOf(ada, agentInbox)).toMatchObject({ name: "Walrus", encryptedImage: undefined });
    await eventually("the download", () => scene.asked === 1);
    release();
    expect(await shownTo(ada, agentInbox)).toEqual(PNG);

    // Whoever comes now knows the agent's profile from the snapshot only: nothing said before can be read.
    const bob = await joinByUrl(await scene.world.person(), inviteUrl);
    expect(await shownTo(bob, agentInbox)).toEqual(PNG);
    expect(await updatesBy(agentInbox, bob)).toEqual([]);

    const { url } = await pictureOf(ada, agentInbox);
    const head = await fetch(url, { method: "HEAD" });
    expect(Object.fromEntries(head.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": String(PNG.length + 16),
      "cache-control": "public, max-age=86400, immutable",
      "x-content-type-options": "nosniff",
    });
    for (const [path, bytes] of await scene.world.stateFiles()) {
      expect(bytes.includes(PICTURE_WORDS), path).toBe(false);
      if (!path.startsWith("xmtp/")) expect(bytes.includes(ADDRESS_WORDS), path).toBe(false);
    }
    expect(agent.log).not.toContain(ADDRESS_WORDS);
    expect(scene.asked).toBe(1);

    await agent.explode("member");
    expect(await agent.exitCode).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    expect(await readdir(scene.world.stateDir)).toEqual(["tombstone.json"]);
  }, 60_000);

  it("is fetched again after a kill in the download, and shown once after a kill before it was shown", async () => {
    const release = scene.hold();
    const { agent, agentInbox, inviteUrl } = await scene.claimed();
    const ada = await scene.enter(inviteUrl, agentInbox);
    await eventually("the download", () => scene.asked === 1);
    await agent.kill();
    const second = await scene.world.startReadyAgent(2, scene.environment);
    await eventually("the second download", () => scene.asked === 2);
    // Without a network the picture is stored and cannot be shown.
    const pictures = statePaths(scene.world.stateDir).pictures;
    await scene.world.restartNode(async () => {
      release();
      await eventually("the picture to be kept", () => second.log.includes('"what":"show-picture"'));
      await second.kill();
    });
    const [kept] = await readdir(pictures);
    const third = await scene.world.startReadyAgent(3, scene.environment);
    expect(await shownTo(ada, agentInbox)).toEqual(PNG);
    await eventually("the note", () => third.logged("picture-shown"));
    await third.stop();
    const fourth = await scene.world.startReadyAgent(4, scene.environment);
    await ada.sendText("still you?");
    await isAnswered(ada, agentInbox, "still you?");
    const shown = (await updatesBy(agentInbox, ada)).flatMap(({ encryptedImage }) => encryptedImage ?? []);
    expect(shown).toHaveLength(1);
    expect(shown[0]?.url).toBe(`${fourth.url}/pictures/${kept}`);
    expect(await readdir(pictures)).toEqual([kept]);
    expect(scene.asked).toBe(2);
  }, 90_000);

  it("is kept by a profile that shows a newer attestation", async () => {
    const attested: string[] = [];
    const platform = await startFileServer(async (request, response) => {
      const body = await text(request);
      if (!request.url?.endsWith("/attestation")) return response.writeHead(202).end();
      const former: AgentAttestation = JSON.parse(body);
      const timestamp = seconds(Date.parse(former.timestamp) + 60_000);
      attested.push(timestamp);
      return response.end(JSON.stringify({ ...former, timestamp }));
    });
    try {
      scene.environment.GATEWAY_URL = platform.origin;
      const agent = await scene.world.startReadyAgent(1, scene.environment);
      const agentInbox = (await agent.status()).inboxId ?? "";
      const attestation: AgentAttestation = {
        inboxId: agentInbox,
        signature: "A".repeat(86),
        timestamp: seconds(Date.now() - 14 * 60 * 60_000),
        keyId: "k",
      };
      const { inviteUrl } = await scene.claim(agent, { attestation });
      const ada = await scene.enter(inviteUrl, agentInbox);
      const ref = await pictureOf(ada, agentInbox);
      const before = (await updatesBy(agentInbox, ada)).length;
      await joinByUrl(await scene.world.person(), inviteUrl);
      const newest = await eventually("another profile", async () => {
        const updates = await updatesBy(agentInbox, ada);
        return updates.length > before ? updates.at(-1) : undefined;
      });
      expect(newest).toMatchObject({ name: "Walrus", encryptedImage: ref });
      expect(attested).toContain(newest.metadata?.attestation_ts);
      expect(await shownTo(ada, agentInbox)).toEqual(PNG);
    } finally {
      await platform.close();
    }
  }, 60_000);

  it("is shown in another's conversation, with a key that the agent makes where there is none", async () => {
    const host = await scene.world.person();
    const agent = await scene.world.startReadyAgent(1, scene.environment);
    const metadata = {
      tag: "ccpfXDRHZv",
      profiles: [],
      emoji: "🔥",
      unknownFields: Buffer.from("7a0161", "hex"),
    };
    const group = await host.client.conversations.createGroup([], { appData: encodeAppData(metadata) });
    const { inboxId } = host.client;
    const { privateKey } = host;
    const { url } = createInvite({ privateKey, inboxId, groupId: group.id, tag: metadata.tag, env: "local" });
    const deps = {
      client: host.client,
      privateKey: Buffer.from(privateKey.slice(2), "hex"),
      ledger: new MemoryJoinLedger(),
    };
    const claiming = scene.claim(agent, { joinUrl: url });
    await eventually("the agent to be in", async () => {
      await catchUpJoinRequests(deps);
      return (await group.members()).length === 2;
    });
    expect(await claiming).toMatchObject({ outcome: "joined" });
    const { joinInboxId } = await agent.status();
    expect(await shownTo(group, joinInboxId ?? "")).toEqual(PNG);
    const { imageEncryptionKey, ...rest } = decodeAppData(group.appData) ?? {};
    expect(imageEncryptionKey).toHaveLength(32);
    expect(rest).toEqual({ ...metadata, unknownFields: new Uint8Array(metadata.unknownFields) });
  }, 60_000);
});

describe("what is served of it", () => {
  it("is nothing but the picture of its name", async () => {
    const { agent, agentInbox, inviteUrl } = await scene.claimed();
    const ada = await scene.enter(inviteUrl, agentInbox);
    const { url } = await pictureOf(ada, agentInbox);
    const id = url.slice(-32);
    const other = randomBytes(16).toString("hex");
    for (const path of [
      "",
      "/",
      `/${other}`,
      `/${id}.new`,
      `/${id.toUpperCase()}x`,
      `/${id}/`,
      `/..%2fagent.db`,
    ])
      expect((await fetch(`${agent.url}/pictures${path}`)).status, path).toBe(404);
    expect((await fetch(url, { method: "POST", body: "x" })).status).toBe(404);
    expect((await fetch(`${url}?size=1`)).status).toBe(200);
  });
});

const seconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
