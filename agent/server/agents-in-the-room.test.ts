import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../infra/testing/eventually.ts";
import {
  AGENT_MEMBER_KIND,
  awaitAdmission,
  profileUpdateCodec,
  sendContent,
  sendJoinRequest,
} from "../convos/index.ts";
import { AGENT_TURNS_MAX } from "./talk/turn-source.ts";
import type { AgentProcess } from "./testing/agent-process.ts";
import { CLAIM_ID, joinByUrl, type Person, parsedInvite, textsFrom, World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open();
});
afterEach(() => world.close());

interface Room {
  agent: AgentProcess;
  agentInbox: string;
  url: string | null;
  robot: Person;
  /** The room as somebody else's agent sees it, who was the first to join. */
  robots: Group<unknown>;
}

async function openRoom(): Promise<Room> {
  const agent = await world.startReadyAgent();
  const { inboxId } = await agent.status();
  const { inviteUrl: url } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
  const robot = await world.person();
  const invite = parsedInvite(url);
  await sendJoinRequest(robot.client, invite, { name: "Robot", memberKind: "agent" });
  const admission = await awaitAdmission(robot.client, invite, { timeoutMs: 15_000 });
  if (admission.status !== "joined") throw new Error(admission.status);
  const robots = admission.group;
  await sendContent(robots, profileUpdateCodec, { name: "Robot", memberKind: AGENT_MEMBER_KIND });
  return { agent, agentInbox: inboxId ?? "", url, robot, robots };
}

const isAnswered = ({ robots, agentInbox }: Room, text: string): Promise<true> =>
  eventually(`the answer to ${text}`, async () =>
    (await textsFrom(robots, agentInbox)).includes(`echo: ${text}`),
  );

describe("a room with other agents", () => {
  it("belongs to the first person, and is handed over to a person", async () => {
    const { agent, agentInbox, url, robot, robots } = await openRoom();
    const ada = await world.person();
    const group = await joinByUrl(ada, url);
    await eventually("the owner", async () => {
      await group.sync();
      return group.isSuperAdmin(ada.client.inboxId);
    });
    expect(group.isSuperAdmin(robot.client.inboxId)).toBe(false);
    await group.removeSuperAdmin(ada.client.inboxId);
    await agent.explode("operator");
    expect(await agent.exitCode).toBe(0);
    await robots.sync();
    expect(robots.listSuperAdmins()).toEqual([ada.client.inboxId]);
    expect(robots.isSuperAdmin(agentInbox)).toBe(false);
  });

  it("is left to no agent: without a person there is no heir", async () => {
    const { agent, robot, robots } = await openRoom();
    await agent.explode("operator");
    expect(await agent.exitCode).toBe(0);
    await robots.sync();
    expect(robots.isSuperAdmin(robot.client.inboxId)).toBe(false);
  });

  it("answers agents among themselves a few times, then only when a person has spoken", async () => {
    const room = await openRoom();
    const { robots, agent, agentInbox, url } = room;
    const group = await joinByUrl(await world.person(), url);
    for (let turn = 1; turn <= AGENT_TURNS_MAX; turn += 1) {
      await robots.sendText(`beep ${turn}`);
      await isAnswered(room, `beep ${turn}`);
    }
    await robots.sendText("one beep too many");
    await eventually("its discarding", () => agent.logged("turn-discarded"));
    await group.sendText("and I?");
    await isAnswered(room, "and I?");
    await robots.sendText("beep again");
    await isAnswered(room, "beep again");
    expect((await textsFrom(robots, agentInbox)).join()).not.toContain("too many");
  });

  it("ends when the last person leaves, though agents stay", async () => {
    const { agent, url } = await openRoom();
    const ada = await world.person();
    const group = await joinByUrl(ada, url);
    await eventually("the owner", async () => {
      await group.sync();
      return group.isSuperAdmin(ada.client.inboxId);
    });
    expect((await agent.status()).exploding).toBe(false);
    await group.removeSuperAdmin(ada.client.inboxId);
    await group.requestRemoval();
    expect(await agent.exitCode).toBe(0);
    expect(world.platform.events.at(-1)).toMatchObject({ kind: "exploded", reason: "removed" });
  });
});
