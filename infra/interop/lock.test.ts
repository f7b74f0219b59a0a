import { randomBytes } from "node:crypto";
import type { Group } from "@xmtp/node-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decodeAppData,
  inviteJoinErrorCodec,
  isLocked,
  lockGroup,
  PERMISSION,
  POLICY,
  readContent,
  unlockGroup,
} from "../../agent/convos/index.ts";
import { CLAIM_ID, joinByUrl, type Person } from "../../agent/server/testing/world.ts";
import { AGENT_PATHS } from "../../domain/agent-protocol.ts";
import type { Actor } from "./actor.ts";
import { Changed, InviteMade, Permissions, Rooms } from "./answers.ts";
import { JOIN_WAIT_S, patiently, TEST_TIMEOUT_MS } from "./patience.ts";
import { appJoins, type ClaimedAgent, OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

/** The client waits in vain; what it was told is read afterwards. */
const REFUSAL_WAIT_S = 1;

/** Ada uses the SDK and owns the room, Carla and Dario use Convos's own client, Walrus is the agent. In this order. */
let stage: Stage;
let walrus: ClaimedAgent;
let adas: Group<unknown>;
let bob: Person;
let carla: Actor;
let dario: Actor;

beforeAll(async () => {
  stage = await Stage.open();
  walrus = await stage.claimedAgent();
  adas = await appJoins(await stage.world.person(), walrus.inviteUrl, "Ada");
  bob = await stage.world.person();
  carla = await stage.actor("Carla");
  dario = await stage.actor("Dario");
  const { inboxId } = await carla.join(walrus.inviteUrl, JOIN_WAIT_S);
  await patiently("Ada to own the room", async () => {
    await adas.sync();
    return adas.listSuperAdmins().length === 2;
  });
  await adas.addSuperAdmin(inboxId);
  await carla.ask(Changed, "conversation", "sync", walrus.conversationId);
}, OPEN_TIMEOUT_MS);
afterAll(() => stage?.close());

const metadata = async () => {
  await adas.sync();
  return decodeAppData(adas.appData);
};

/** The agent's answers that lie with somebody, oldest first, once there are so many. */
const refusals = (actor: Actor, count: number) =>
  patiently("the refusal", async () => {
    const mail = await actor.directMessages(walrus.inboxId);
    const found = mail.flatMap((message) => readContent(message, inviteJoinErrorCodec) ?? []);
    return found.length >= count && found;
  });

const freshInvite = async (): Promise<string> => {
  const nonce = randomBytes(16).toString("hex");
  const answer = await walrus.agent.post(AGENT_PATHS.invite, { claimId: CLAIM_ID, nonce });
  const { inviteUrl }: { inviteUrl: string } = JSON.parse(await answer.text());
  return inviteUrl;
};

const carlasView = async () => {
  await carla.ask(Changed, "conversation", "sync", walrus.conversationId);
  const [room] = await carla.ask(Rooms, "conversations", "list");
  const permissions = await carla.ask(Permissions, "conversation", "permissions", walrus.conversationId);
  return { isLocked: room?.isLocked, addMemberPolicy: permissions.policySet.addMemberPolicy };
};

describe("a room locked by Convos's own client", { timeout: TEST_TIMEOUT_MS }, () => {
  it("keeps what the agent wrote, but for the tag", async () => {
    const before = await metadata();
    await carla.ask(Changed, "conversation", "lock", walrus.conversationId, "--force");
    const after = await metadata();
    expect(isLocked(adas)).toBe(true);
    expect(after?.tag).toMatch(/^[A-Za-z0-9]{10}$/);
    expect(after?.tag).not.toBe(before?.tag);
    expect(after).toEqual({ ...before, tag: after?.tag });
  });

  it("is closed to the agent's invite, and the client is told so", async () => {
    const refused = await dario.join(walrus.inviteUrl, REFUSAL_WAIT_S);
    expect(refused.status).toBe("timeout");
    expect(await refusals(dario, 1)).toMatchObject([
      { errorType: "conversation_expired", inviteTag: refused.tag },
    ]);
  });

  it("is open after its unlocking to the agent's next invite, not to the old one", async () => {
    await carla.ask(Changed, "conversation", "lock", walrus.conversationId, "--unlock");
    await adas.sync();
    expect(isLocked(adas)).toBe(false);
    expect((await dario.join(walrus.inviteUrl, REFUSAL_WAIT_S)).status).toBe("timeout");
    expect(await refusals(dario, 2)).toHaveLength(2);
    expect(await dario.join(await freshInvite(), JOIN_WAIT_S)).toMatchObject({
      status: "joined",
      conversationId: walrus.conversationId,
    });
  });

  it("is open to the client's own invite, which our side joins by", async () => {
    const { url } = await carla.ask(InviteMade, "conversation", "invite", walrus.conversationId);
    const carlas = await stage.live(carla, walrus.conversationId);
    const bobs = await joinByUrl(bob, url);
    await carlas.stop();
    expect(bobs.id).toBe(walrus.conversationId);
    expect(await bobs.members()).toHaveLength(5);
  });
});

describe("a room locked by our side", { timeout: TEST_TIMEOUT_MS }, () => {
  it("is locked for Convos's own client, which can let nobody in", async () => {
    await lockGroup(adas);
    expect(await carlasView()).toEqual({ isLocked: true, addMemberPolicy: POLICY.deny });
    const { inboxId } = (await stage.world.person()).client;
    const adding = carla.ask(Changed, "conversation", "add-members", walrus.conversationId, inboxId);
    await expect(adding).rejects.toThrow("ended with code");
  });

  it("is open again for it when our side unlocks it", async () => {
    await unlockGroup(adas);
    expect(await carlasView()).toEqual({ isLocked: false, addMemberPolicy: POLICY.allow });
  });

  it("refuses the client as locked where its invite is still the right one", async () => {
    const emil = await stage.actor("Emil");
    const inviteUrl = await freshInvite();
    await adas.updatePermission(PERMISSION.addMember, POLICY.deny);
    const refused = await emil.join(inviteUrl, REFUSAL_WAIT_S);
    expect(refused.status).toBe("timeout");
    expect(await refusals(emil, 1)).toMatchObject([
      { errorType: "generic_failure", inviteTag: refused.tag, reason: "the conversation is locked" },
    ]);
  });
});
