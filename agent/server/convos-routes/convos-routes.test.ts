import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT_PATHS } from "../../../domain/agent-protocol.ts";
import { eventually } from "../../../infra/testing/eventually.ts";
import {
  catchUpJoinRequests,
  createInvite,
  encodeAppData,
  generateTag,
  isLocked,
  lockGroup,
  POLICY,
  readTag,
  unlockGroup,
} from "../../convos/index.ts";
import { MemoryJoinLedger } from "../../convos/testing/memory-ledger.ts";
import type { AgentProcess } from "../testing/agent-process.ts";
import { CLAIM_ID, joinByUrl, type Person, parsedInvite, World } from "../testing/world.ts";
import { type Answer, ask, refusal } from "./testing/ask.ts";
import { convosToken } from "./token.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const call = (agent: AgentProcess, path: string, body?: unknown): Promise<Answer> =>
  ask(agent, convosToken(world.identity.instanceSecret), path, body);
const urlOf = ({ body }: Answer): string => {
  if (typeof body.inviteUrl !== "string") throw new Error(`no invite in ${JSON.stringify(body)}`);
  return body.inviteUrl;
};
const freshInvite = async (agent: AgentProcess): Promise<string> =>
  urlOf(await call(agent, "/convos/invite"));
const claimed = async (): Promise<{ agent: AgentProcess; inviteUrl: string; agentInbox: string }> => {
  const agent = await world.startReadyAgent();
  const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "", name: "Walrus" });
  const { inboxId } = await agent.status();
  return { agent, inviteUrl: inviteUrl ?? "", agentInbox: inboxId ?? "" };
};
/** The first who joins becomes super admin. */
const joinAsOwner = async (agentInvite: string): Promise<{ person: Person; group: Group<unknown> }> => {
  const person = await world.person();
  const group = await joinByUrl(person, agentInvite);
  await eventually("the owner", async () => {
    await group.sync();
    return group.isSuperAdmin(person.client.inboxId);
  });
  return { person, group };
};

describe("an agent of a platform", () => {
  it("has nothing to tell before its claim, and is not given away behind the platform's back", async () => {
    const agent = await world.startReadyAgent();
    const { inboxId, conversationId } = await agent.status();
    const { status, body, headers } = await call(agent, "/convos/status");
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(body).toEqual({
      ready: true,
      claimed: false,
      conversationId,
      inboxId,
      joinRefusal: null,
      isLocked: null,
      memberCount: null,
      expiresAt: null,
    });
    expect(await refusal(call(agent, "/convos/invite"))).toEqual([409, "not-claimed"]);
    expect(await refusal(call(agent, "/convos/lock", { locked: true }))).toEqual([409, "not-claimed"]);
    const refused = [409, "claimed-through-the-platform"];
    expect(await refusal(call(agent, "/convos/conversation", { name: "Walrus" }))).toEqual(refused);
    expect(await refusal(call(agent, "/convos/join", { inviteUrl: "x" }))).toEqual(refused);
    const early = { claimId: CLAIM_ID, nonce: "0".repeat(32) };
    expect((await agent.post(AGENT_PATHS.invite, early)).status).toBe(409);
    expect((await agent.status()).claimId).toBeNull();
  });

  it("locks: nobody is let in; unlocks: a new invite admits, the old one does not", async () => {
    const { agent, inviteUrl, agentInbox } = await claimed();
    const { group } = await joinAsOwner(inviteUrl);
    const tag = readTag(group.appData);
    expect((await call(agent, "/convos/status")).body).toMatchObject({
      claimed: true,
      conversationId: group.id,
      inboxId: agentInbox,
      isLocked: false,
      memberCount: 2,
    });
    const more = await freshInvite(agent);
    expect(more).not.toBe(inviteUrl);
    expect(parsedInvite(more)).toMatchObject({ tag, name: "Walrus" });

    const locked = await call(agent, "/convos/lock", { locked: true });
    expect([locked.status, locked.body]).toEqual([200, { isLocked: true, inviteUrl: null }]);
    await group.sync();
    expect([isLocked(group), readTag(group.appData) === tag]).toEqual([true, false]);
    expect(await refusal(call(agent, "/convos/invite"))).toEqual([422, "conversation-locked"]);
    await expect(joinByUrl(await world.person(), inviteUrl)).rejects.toThrow("not admitted: refused");
    expect((await call(agent, "/convos/lock", { locked: true })).body.isLocked).toBe(true);

    const unlocked = await call(agent, "/convos/lock", { locked: false });
    expect(unlocked.body).toMatchObject({ isLocked: false });
    const fresh = urlOf(unlocked);
    const again = await call(agent, "/convos/lock", { locked: false });
    expect(parsedInvite(urlOf(again)).tag).toBe(parsedInvite(fresh).tag);
    await expect(joinByUrl(await world.person(), inviteUrl)).rejects.toThrow("not admitted: refused");
    expect((await joinByUrl(await world.person(), fresh)).id).toBe(group.id);
    expect((await call(agent, "/convos/status")).body).toMatchObject({ isLocked: false, memberCount: 3 });
    expect(agent.log).not.toContain("/v2?i=");
  }, 60_000);

  it("makes a working invite after people have locked and unlocked in their app, over a restart", async () => {
    const { agent: first, inviteUrl } = await claimed();
    const { group } = await joinAsOwner(inviteUrl);
    await lockGroup(group);
    expect(await refusal(call(first, "/convos/invite"))).toEqual([422, "conversation-locked"]);
    expect((await call(first, "/convos/status")).body.isLocked).toBe(true);
    await first.kill();
    await unlockGroup(group);
    const agent = await world.startReadyAgent(2);
    await eventually("the conversation", async () => (await call(agent, "/convos/invite")).status === 200);
    const fresh = await freshInvite(agent);
    expect(parsedInvite(fresh).tag).toBe(readTag(group.appData));
    await expect(joinByUrl(await world.person(), inviteUrl)).rejects.toThrow("not admitted: refused");
    expect((await joinByUrl(await world.person(), fresh)).id).toBe(group.id);
  }, 60_000);

  it("says so when the network does not answer, or when people no longer let it admit anybody", async () => {
    const { agent, inviteUrl, agentInbox } = await claimed();
    const { group } = await joinAsOwner(inviteUrl);
    await world.restartNode(async () => {
      expect(await refusal(call(agent, "/convos/invite"))).toEqual([503, "network-unavailable"]);
      expect(await refusal(call(agent, "/convos/lock", { locked: true }))).toEqual([
        503,
        "network-unavailable",
      ]);
      expect((await call(agent, "/convos/status")).body).toMatchObject({ memberCount: 2, isLocked: false });
    });
    await group.removeSuperAdmin(agentInbox);
    expect(await refusal(call(agent, "/convos/lock", { locked: true }))).toEqual([409, "not-a-super-admin"]);
    expect((await call(agent, "/convos/invite")).status).toBe(200);
    await unlockGroup(group, POLICY.admin);
    expect(await refusal(call(agent, "/convos/invite"))).toEqual([409, "not-the-inviter"]);
  }, 60_000);

  it("explodes as an operator ends it: it leaves, and its people stay", async () => {
    const { agent, inviteUrl, agentInbox } = await claimed();
    const { group, person } = await joinAsOwner(inviteUrl);
    expect((await call(agent, "/convos/explode", {})).status).toBe(202);
    expect(await agent.exitCode).toBe(0);
    expect(await world.platform.waitFor("exploded")).toMatchObject({ reason: "operator" });
    await eventually("the agent to be gone", async () => {
      await group.sync();
      return (await group.members()).every(({ inboxId }) => inboxId !== agentInbox);
    });
    expect([group.isActive, group.isSuperAdmin(person.client.inboxId)]).toEqual([true, true]);
  }, 60_000);
});

describe("a standalone agent", () => {
  const startStandalone = (): Promise<AgentProcess> =>
    world.startReadyAgent(1, { STANDALONE: "on", GATEWAY_URL: "" });

  it("is given a conversation once", async () => {
    const agent = await startStandalone();
    const wishes = { name: "Walrus", instructions: "You plan trips." };
    const answers = await Promise.all([
      call(agent, "/convos/conversation", wishes),
      call(agent, "/convos/conversation", wishes),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const given = answers.find(({ status }) => status === 200);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body.code).toBe("already-claimed");
    if (given === undefined) throw new Error("nothing was given");
    const group = await joinByUrl(await world.person(), urlOf(given));
    expect([group.id, group.name]).toEqual([given.body.conversationId, "Walrus"]);
    expect(await refusal(call(agent, "/convos/join", { inviteUrl: urlOf(given) }))).toEqual([
      409,
      "already-claimed",
    ]);
    expect((await agent.status()).claimId).toMatch(/^[a-z0-9]{20}$/);
  });

  it("says why it was not let in, over a restart, since it asks nowhere else any more", async () => {
    const agent = await startStandalone();
    const host = await world.person();
    const group = await host.client.conversations.createGroup([], {
      appData: encodeAppData({ tag: generateTag(), profiles: [] }),
    });
    const { inboxId } = host.client;
    const revoked = { inboxId, groupId: group.id, tag: generateTag(), env: "local" } as const;
    const { url } = createInvite({ ...revoked, privateKey: host.privateKey });
    const pending = await call(agent, "/convos/join", { inviteUrl: url });
    expect([pending.status, pending.body.status]).toEqual([200, "pending"]);
    expect((await call(agent, "/convos/status")).body).toMatchObject({ claimed: true, joinRefusal: null });
    await catchUpJoinRequests({
      client: host.client,
      privateKey: Buffer.from(host.privateKey.slice(2), "hex"),
      ledger: new MemoryJoinLedger(),
    });
    const refused = { claimed: true, conversationId: null, memberCount: null, joinRefusal: "invite-revoked" };
    await eventually(
      "the refusal",
      async () => (await call(agent, "/convos/status")).body.joinRefusal !== null,
    );
    expect((await call(agent, "/convos/status")).body).toMatchObject(refused);
    await agent.kill();
    const again = await world.startReadyAgent(2, { STANDALONE: "on", GATEWAY_URL: "" });
    expect((await call(again, "/convos/status")).body).toMatchObject(refused);
  }, 60_000);

  it("joins a conversation, where it invites nobody and locks only as a super admin", async () => {
    const agent = await startStandalone();
    expect(await refusal(call(agent, "/convos/join", { inviteUrl: "hello" }))).toEqual([
      422,
      "invite-invalid",
    ]);
    const host = await world.person();
    const tag = generateTag();
    const group = await host.client.conversations.createGroup([], {
      appData: encodeAppData({ tag, profiles: [] }),
    });
    const { inboxId } = host.client;
    const invite = { privateKey: host.privateKey, inboxId, groupId: group.id, tag, env: "local" } as const;
    const { url } = createInvite(invite);
    const pending = await call(agent, "/convos/join", { inviteUrl: url, name: "Walrus" });
    expect([pending.status, pending.body]).toEqual([200, { status: "pending", conversationId: null }]);
    expect(await refusal(call(agent, "/convos/invite"))).toEqual([409, "not-ready"]);
    const { joinInboxId } = await agent.status();
    await group.addMembers([joinInboxId ?? ""]);
    await eventually(
      "the agent to have joined",
      async () => (await agent.status()).conversationId === group.id,
    );
    expect((await call(agent, "/convos/status")).body).toMatchObject({
      claimed: true,
      conversationId: group.id,
      inboxId: joinInboxId,
      memberCount: 2,
    });
    expect(await refusal(call(agent, "/convos/invite"))).toEqual([409, "not-the-inviter"]);
    expect(await refusal(call(agent, "/convos/lock", { locked: true }))).toEqual([409, "not-a-super-admin"]);
    await group.addSuperAdmin(joinInboxId ?? "");
    const locked = await call(agent, "/convos/lock", { locked: true });
    expect(locked.body).toEqual({ isLocked: true, inviteUrl: null });
    await group.sync();
    expect(isLocked(group)).toBe(true);
    expect((await call(agent, "/convos/lock", { locked: false })).body).toEqual({
      isLocked: false,
      inviteUrl: null,
    });
  }, 60_000);
});
