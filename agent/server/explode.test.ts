import { existsSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProvisionAnswer } from "../../domain/agent-protocol.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { explodeConversation, explodeSettingsCodec, sendContent } from "../convos/index.ts";
import { statePaths } from "./state/paths.ts";
import { writeTombstone } from "./state/tombstone.ts";
import type { AgentProcess } from "./testing/agent-process.ts";
import { CLAIM_ID, joinByUrl, type Person, textsFrom, World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

const INSTRUCTIONS = "You plan trips for a family of walruses.";

async function claimed(): Promise<{ agent: AgentProcess; answer: ProvisionAnswer; agentInbox: string }> {
  const agent = await world.startReadyAgent();
  const { inboxId } = await agent.status();
  const answer = await agent.provision({ claimId: CLAIM_ID, instructions: INSTRUCTIONS, name: "Walrus" });
  // Ready comes before the report of it; one that is killed in between has said nothing yet.
  await eventually("its first report", () => world.platform.events.some(({ kind }) => kind === "idle"));
  return { agent, answer, agentInbox: inboxId ?? "" };
}

async function enter(person: Person, answer: ProvisionAnswer, agentInbox: string) {
  const group = await joinByUrl(person, answer.inviteUrl);
  await eventually("the greeting", async () => (await textsFrom(group, agentInbox)).length > 0);
  return group;
}

const superAdmins = (group: Group<unknown>, count: number): Promise<true> =>
  eventually("the super admins", async () => {
    await group.sync();
    return group.listSuperAdmins().length === count;
  });

/** The end as everybody outside sees it: both reports, an exit of its own, nothing but the tombstone. */
async function expectEnd(agent: AgentProcess, reason: string): Promise<void> {
  expect(await agent.exitCode).toBe(0);
  const ends = world.platform.events.filter(({ kind }) => kind === "exploding" || kind === "exploded");
  expect(ends).toMatchObject([
    { kind: "exploding", reason },
    { kind: "exploded", reason },
  ]);
  const sequences = world.platform.events.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  expect(await readdir(world.stateDir)).toEqual(["tombstone.json"]);
  const files = await world.stateFiles();
  expect([...files.values()].some((bytes) => bytes.includes("walruses"))).toBe(false);
}

describe("the end of an agent", () => {
  it("comes by a super admin's explode settings; a plain member's are ignored", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const [ada, bob] = [await world.person(), await world.person()];
    const group = await enter(ada, answer, agentInbox);
    const bobs = await joinByUrl(bob, answer.inviteUrl);
    await sendContent(bobs, explodeSettingsCodec, { expiresAt: new Date(Date.now() - 1_000) });
    await bobs.sendText("still there?");
    await eventually("the answer to bob", async () =>
      (await textsFrom(bobs, agentInbox)).some((text) => text.includes("still there?")),
    );
    expect((await agent.status()).exploding).toBe(false);

    await sendContent(group, explodeSettingsCodec, { expiresAt: new Date() });
    await expectEnd(agent, "member");
    await eventually("bob to be removed", async () => {
      await bob.client.conversations.sync();
      await bobs.sync().catch(() => "the sync that learns of the removal may fail");
      return !bobs.isActive;
    });
  });

  it("comes by a person's whole explosion, which succeeds whoever of the two is faster", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const [ada, bob] = [await world.person(), await world.person()];
    const group = await enter(ada, answer, agentInbox);
    await joinByUrl(bob, answer.inviteUrl);
    await eventually("super admin", async () => {
      await group.sync();
      return group.isSuperAdmin(ada.client.inboxId);
    });
    const { failures } = await explodeConversation(group, ada.client);
    expect(failures).toEqual([]);
    await expectEnd(agent, "member");
    if (group.isActive) expect(await group.members()).toHaveLength(1);
  });

  it("comes by removal", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const group = await enter(await world.person(), answer, agentInbox);
    await eventually("super admin", async () => {
      await group.sync();
      return group.listSuperAdmins().length === 2;
    });
    await group.removeSuperAdmin(agentInbox);
    await group.removeMembers([agentInbox]);
    await expectEnd(agent, "removed");
  });

  it("comes by removal while it was away", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const group = await enter(await world.person(), answer, agentInbox);
    await eventually("super admin", async () => {
      await group.sync();
      return group.listSuperAdmins().length === 2;
    });
    expect(await agent.stop()).toBe(0);
    await group.removeSuperAdmin(agentInbox);
    await group.removeMembers([agentInbox]);
    const again = await world.startAgent(2);
    expect(await again.exitCode, again.log).toBe(0);
    expect(world.platform.events.at(-1)).toMatchObject({ kind: "exploded", reason: "removed", epoch: 2 });
    expect(await readdir(world.stateDir)).toEqual(["tombstone.json"]);
  });

  it("comes when the last person leaves", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const [ada] = [await world.person()];
    const group = await enter(ada, answer, agentInbox);
    await eventually("super admin", async () => {
      await group.sync();
      return group.isSuperAdmin(ada.client.inboxId);
    });
    await group.removeSuperAdmin(ada.client.inboxId);
    await group.requestRemoval();
    await expectEnd(agent, "removed");
  });

  it("comes at a scheduled time, also over a restart", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const group = await enter(await world.person(), answer, agentInbox);
    await eventually("super admin", async () => {
      await group.sync();
      return group.listSuperAdmins().length === 2;
    });
    const expiresAt = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 10_000);
    await sendContent(group, explodeSettingsCodec, { expiresAt });
    const told = { kind: "expiry-set", expiresAtMs: expiresAt.getTime() };
    expect(await world.platform.waitFor("expiry-set")).toMatchObject({ ...told, epoch: 1 });
    expect(await agent.stop()).toBe(0);
    const again = await world.startReadyAgent(2);
    expect((await again.status()).exploding).toBe(false);
    expect(await again.exitCode).toBe(0);
    expect(world.platform.events.slice(-4)).toMatchObject([
      { ...told, epoch: 2, sequence: 1 },
      { kind: "idle", epoch: 2, sequence: 2 },
      { kind: "exploding", reason: "member", epoch: 2, sequence: 3 },
      { kind: "exploded", reason: "member", epoch: 2, sequence: 4 },
    ]);
  });

  it("is told to the platform when people set it, each time it is earlier, also after an outage", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const group = await enter(await world.person(), answer, agentInbox);
    await superAdmins(group, 2);
    world.platform.refuseWith = 503;
    const inDays = (days: number): Date => new Date(Math.floor(Date.now() / 1_000 + days * 86_400) * 1_000);
    const [early, late, later] = [inDays(2), inDays(3), inDays(4)];
    for (const expiresAt of [late, later, early])
      await sendContent(group, explodeSettingsCodec, { expiresAt });
    await eventually("a refusal", () => agent.logged("report-refused"));
    await eventually("the schedules", () => agent.log.match(/"event":"explode-settings"/g)?.length === 3);
    await agent.kill();
    world.platform.refuseWith = undefined;
    await world.startReadyAgent(2);
    await world.platform.waitFor("idle");
    const isTold = () => world.platform.events.some(({ kind, epoch }) => kind === "idle" && epoch === 2);
    await eventually("its second idle", isTold);
    const told = world.platform.events.flatMap((event) =>
      event.kind === "expiry-set" ? [event.expiresAtMs] : [],
    );
    expect([...new Set(told)]).toEqual([late.getTime(), early.getTime()]);
  });

  it("comes by the owner's word at the platform: people are told and removed", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const ada = await world.person();
    const group = await enter(ada, answer, agentInbox);
    await agent.explode("member");
    await expectEnd(agent, "member");
    await eventually("ada to be removed", async () => {
      await group.sync().catch(() => "the sync that learns of the removal may fail");
      return !group.isActive;
    });
    const types = (await group.messages()).map(({ contentType }) => contentType.typeId);
    expect(types).toContain("explode_settings");
  });

  it.each(["operator", "expiry"] as const)(
    "by %s hands the conversation over and removes nobody",
    async (reason) => {
      const { agent, answer, agentInbox } = await claimed();
      const [ada, bob] = [await world.person(), await world.person()];
      const group = await enter(ada, answer, agentInbox);
      await joinByUrl(bob, answer.inviteUrl);
      await agent.explode(reason);
      await expectEnd(agent, reason);
      await eventually("the agent to be gone", async () => {
        await group.sync();
        const members = (await group.members()).map(({ inboxId }) => inboxId);
        return !members.includes(agentInbox) && members.length === 2;
      });
      expect(group.listSuperAdmins()).toEqual([ada.client.inboxId]);
    },
  );

  it("of an idle agent needs nobody, and a start that finds the tombstone only finishes it", async () => {
    const agent = await world.startReadyAgent();
    await world.platform.waitFor("idle");
    world.platform.refuseWith = 503;
    await agent.explode("operator");
    await eventually("the wipe", () => agent.logged("wiped"));
    expect((await agent.status()).exploding).toBe(true);
    await expect(agent.provision({ claimId: CLAIM_ID, instructions: "" })).rejects.toThrow("409 exploding");
    await agent.kill();

    world.platform.refuseWith = undefined;
    const again = await world.startAgent(2);
    expect(await again.exitCode).toBe(0);
    expect(again.logged("ready")).toBe(false);
    expect(world.platform.events.slice(1)).toMatchObject([
      { kind: "exploding", reason: "operator", epoch: 2, sequence: 1 },
      { kind: "exploded", reason: "operator", epoch: 2, sequence: 2 },
    ]);
    expect(await readdir(world.stateDir)).toEqual(["tombstone.json"]);
  });

  it("is finished after a crash right behind the tombstone", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const group = await enter(await world.person(), answer, agentInbox);
    await superAdmins(group, 2);
    await agent.kill();
    writeTombstone(statePaths(world.stateDir).tombstone, {
      reason: "member",
      startedAt: new Date().toISOString(),
      epoch: 1,
      sequence: 1,
    });
    const again = await world.startAgent(1);
    await expectEnd(again, "member");
    expect(again.logged("echo-brain-started")).toBe(false);
    await group.sync().catch(() => "the sync that learns of the removal may fail");
    expect(group.isActive).toBe(false);
  });

  it("is finished although a crash in the wipe left its database in pieces", async () => {
    const { agent } = await claimed();
    await agent.kill();
    const paths = statePaths(world.stateDir);
    writeTombstone(paths.tombstone, { reason: "member", startedAt: "2026-01-01", epoch: 1, sequence: 1 });
    await writeFile(paths.database, "no database".repeat(1_000));
    await rm(`${paths.database}-wal`, { force: true });
    const again = await world.startAgent(1);
    await expectEnd(again, "member");
    await eventually("its log to have come", () => again.logged("belated-leave-skipped"));
  });

  it("by an expiry that fell due while it was away removes the people all the same", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const group = await enter(await world.person(), answer, agentInbox);
    await superAdmins(group, 2);
    const expiresAt = new Date(Date.now() + 3_000);
    await sendContent(group, explodeSettingsCodec, { expiresAt });
    await eventually("the schedule", () => agent.log.includes('"action":"schedule"'));
    await agent.kill();
    await eventually("the expiry", () => Date.now() > expiresAt.getTime());
    expect(await (await world.startAgent(2)).exitCode).toBe(0);
    await group.sync().catch(() => "the sync that learns of the removal may fail");
    expect(group.isActive).toBe(false);
  });

  it("by an operator right after a start hands the conversation over all the same", async () => {
    const { agent, answer, agentInbox } = await claimed();
    const ada = await world.person();
    const group = await enter(ada, answer, agentInbox);
    await superAdmins(group, 2);
    await agent.kill();
    const again = await world.startAgent(2);
    await again.explode("operator");
    expect(await again.exitCode).toBe(0);
    await group.sync();
    expect(group.listSuperAdmins()).toEqual([ada.client.inboxId]);
  });

  it("does not wait for a platform that does not know the agent any more, nor for a dead network", async () => {
    const { agent, answer, agentInbox } = await claimed();
    await enter(await world.person(), answer, agentInbox);
    world.platform.refuseWith = 410;
    world.node.faults.add({ method: "*", when: "before", kind: "unavailable" });
    await agent.explode("member");
    expect(await agent.exitCode).toBe(0);
    expect(existsSync(`${world.stateDir}/identity.json`)).toBe(false);
    expect(await readdir(world.stateDir)).toEqual(["tombstone.json"]);
  }, 60_000);
});
