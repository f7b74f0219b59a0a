import { readdir } from "node:fs/promises";
import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeAppData } from "../../agent/convos/index.ts";
import { eventually } from "../testing/eventually.ts";
import type { Actor } from "./actor.ts";
import { Changed, Exploded, ExplodeStatus } from "./answers.ts";
import { appJoins, type ClaimedAgent, OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

/** Ada uses the SDK and owns the room, Carla uses Convos's own client, Walrus is the agent. */
let stage: Stage;
let walrus: ClaimedAgent;
let adas: Group<unknown>;
let carla: Actor;
let carlaInbox: string;

beforeEach(async () => {
  stage = await Stage.open();
  walrus = await stage.claimedAgent({ instructions: "You plan trips for a family of walruses." });
  adas = await appJoins(await stage.world.person(), walrus.inviteUrl, "Ada");
  carla = await stage.actor("Carla");
  carlaInbox = (await carla.join(walrus.inviteUrl, 20)).inboxId;
  await eventually("Ada to own the room", async () => {
    await adas.sync();
    return adas.listSuperAdmins().length === 2;
  });
}, OPEN_TIMEOUT_MS);
afterEach(() => stage.close());

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
  eventually("the removal", async () => {
    await group.sync().catch(() => "the sync that learns of the removal may fail");
    return !group.isActive;
  });

/** What Carla's client makes of it once it has heard. */
const carlasStatus = () =>
  eventually("the end to reach Carla", async () => {
    const args = ["conversation", "explode-status", walrus.conversationId];
    // The sync that learns of the removal may fail; what it has learnt is kept.
    const synced = await carla.ask(ExplodeStatus, ...args, "--sync").catch(() => undefined);
    return synced ?? (await carla.ask(ExplodeStatus, ...args));
  });

describe("an explosion by Convos's own client", () => {
  it("counts only from a super admin, then ends the agent and the room", async () => {
    const explode = ["conversation", "explode", walrus.conversationId, "--force"];
    await expect(carla.ask(Exploded, ...explode)).rejects.toThrow("ended with code");
    await eventually("its being ignored", () => walrus.agent.log.includes('"action":"ignore"'));
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
    await promoteCarla();
    const at = new Date(Date.now() + 8_000);
    const scheduled = ["--force", "--scheduled", at.toISOString()];
    const args = ["conversation", "explode", walrus.conversationId, ...scheduled];
    expect(await carla.ask(Exploded, ...args)).toMatchObject({ expiresAt: at.toISOString() });
    await eventually("the schedule", () => walrus.agent.log.includes('"action":"schedule"'));
    expect((await walrus.agent.status()).exploding).toBe(false);
    await expectEnd();
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
    await isOver(adas);
  }, 60_000);
});

describe("an explosion by the agent", () => {
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
