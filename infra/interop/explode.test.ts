import { readdir } from "node:fs/promises";
import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeAppData } from "../../agent/convos/index.ts";
import type { Actor } from "./actor.ts";
import { Changed, Exploded, ExplodeStatus } from "./answers.ts";
import { JOIN_WAIT_S, patiently, TEST_TIMEOUT_MS } from "./patience.ts";
import { appJoins, type ClaimedAgent, OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

/** Ada uses the SDK and owns the room, Carla uses Convos's own client, Walrus is the agent. */
let stage: Stage;
let walrus: ClaimedAgent;
let adas: Group<unknown>;
let carla: Actor;
let carlaInbox: string;

/** A schedule is this far ahead; more where the client is so slow that it would be past when it is made. */
const AHEAD_MS = 15_000;
const AHEAD_COMMANDS = 5;

beforeEach(async () => {
  stage = await Stage.open();
  walrus = await stage.claimedAgent({ instructions: "You plan trips for a family of walruses." });
  adas = await appJoins(await stage.world.person(), walrus.inviteUrl, "Ada");
  carla = await stage.actor("Carla");
  carlaInbox = (await carla.join(walrus.inviteUrl, JOIN_WAIT_S)).inboxId;
  await patiently("Ada to own the room", async () => {
    await adas.sync();
    return adas.listSuperAdmins().length === 2;
  });
}, OPEN_TIMEOUT_MS);
afterEach(() => stage?.close());

async function promoteCarla(): Promise<void> {
  await adas.addSuperAdmin(carlaInbox);
  await carla.ask(Changed, "conversation", "sync", walrus.conversationId);
}

/** The agent's end as everybody outside sees it. */
async function expectEnd(): Promise<void> {
  expect(await walrus.agent.exitCode).toBe(0);
  const ends = stage.world.platform.events.filter(({ kind }) => kind === "exploding" || kind === "exploded");
  expect(ends).toMatchObject([
    { kind: "exploding", reason: "member" },
    { kind: "exploded", reason: "member" },
  ]);
  expect(await readdir(stage.world.stateDir)).toEqual(["tombstone.json"]);
}

const isOver = (group: Group<unknown>): Promise<true> =>
  patiently("the removal", async () => {
    await group.sync().catch(() => "the sync that learns of the removal may fail");
    return !group.isActive;
  });

/** What Carla's client makes of it once it has heard that it is out. */
const carlasStatus = () =>
  patiently("the end to reach Carla", async () => {
    const args = ["conversation", "explode-status", walrus.conversationId];
    // The sync that learns of the removal may fail; what it has learnt is kept.
    const synced = await carla.ask(ExplodeStatus, ...args, "--sync").catch(() => undefined);
    const status = synced ?? (await carla.ask(ExplodeStatus, ...args));
    return !status.isActive && status;
  });

describe("an explosion by Convos's own client", { timeout: TEST_TIMEOUT_MS }, () => {
  it("counts only from a super admin, then ends the agent and the room", async () => {
    const explode = ["conversation", "explode", walrus.conversationId, "--force"];
    await expect(carla.ask(Exploded, ...explode)).rejects.toThrow("ended with code");
    await patiently("its being ignored", () => walrus.agent.log.includes('"action":"ignore"'));
    await adas.sync();
    expect(decodeAppData(adas.appData)?.expiresAtUnix).toBeGreaterThan(0);
    expect((await walrus.agent.status()).exploding).toBe(false);

    await promoteCarla();
    // Agent and client take each other out: whoever is second finds that it is done, which the client calls an error.
    await Promise.allSettled([carla.ask(Exploded, ...explode)]);
    await expectEnd();
    await isOver(adas);
  });

  it("comes at the time that it was scheduled for", async () => {
    const startedAt = Date.now();
    await promoteCarla();
    const aheadMs = Math.max(AHEAD_MS, AHEAD_COMMANDS * (Date.now() - startedAt));
    const at = new Date(Date.now() + aheadMs);
    const scheduled = ["--force", "--scheduled", at.toISOString()];
    const args = ["conversation", "explode", walrus.conversationId, ...scheduled];
    expect(await carla.ask(Exploded, ...args)).toMatchObject({ expiresAt: at.toISOString() });
    await patiently("the schedule", () => walrus.agent.log.includes('"action":"schedule"'));
    expect((await walrus.agent.status()).exploding).toBe(false);
    await expectEnd();
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
    await isOver(adas);
  });
});

describe("an explosion by the agent", { timeout: TEST_TIMEOUT_MS }, () => {
  it("is announced to Convos's own client, which is out of the room", async () => {
    const carlas = await stage.live(carla, walrus.conversationId);
    await walrus.agent.explode("member");
    const notice = await carlas.waitFor("explode_notice", { senderInboxId: walrus.inboxId });
    await expectEnd();
    await carlas.stop();
    const status = await carlasStatus();
    const { expiresAt } = notice;
    expect(status).toMatchObject({
      isActive: false,
      expired: true,
      appData: { expiresAtUnix: Date.parse(String(expiresAt)) / 1000 },
      mostRecentExplodeSettings: { senderInboxId: walrus.inboxId, expiresAt },
    });
    await isOver(adas);
  });
});
