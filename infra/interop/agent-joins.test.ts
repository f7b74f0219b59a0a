import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_MEMBER_KIND } from "../../agent/convos/index.ts";
import { greeting as greetingOf } from "../../agent/server/talk/greeting.ts";
import type { AgentProcess } from "../../agent/server/testing/agent-process.ts";
import { CLAIM_ID } from "../../agent/server/testing/world.ts";
import type { Actor } from "./actor.ts";
import { Changed, Created, Exploded, ExplodeStatus, Messages, Processed, Profiles } from "./answers.ts";
import type { LiveSession } from "./live-session.ts";
import { patiently, TEST_TIMEOUT_MS, WAIT_MS } from "./patience.ts";
import { OPEN_TIMEOUT_MS, Stage } from "./stage.ts";

/** Carla uses Convos's own client, Walrus is the agent. Each test goes on from the one before. */
let stage: Stage;
let agent: AgentProcess;
let walrusInbox: string;
let carla: Actor;
let carlas: LiveSession;
let room: string;

async function openStage(): Promise<void> {
  stage = await Stage.open();
  agent = await stage.readyAgent();
  walrusInbox = (await agent.status()).joinInboxId ?? "";
  carla = await stage.actor("Carla");
}
const closeStage = (): Promise<void> => stage?.close();

/**
 * Carla makes a conversation, the agent is sent there, Carla's client lets it in. The agent's first answer may come
 * before that; asked once more after it has said that it is in, it gives its last.
 */
async function admitAgent() {
  const create = ["conversations", "create", "--name", "Trip", "--profile-name", "Carla"];
  const { conversationId, invite } = await carla.ask(Created, ...create);
  room = conversationId;
  const claim = { claimId: CLAIM_ID, instructions: "", name: "Walrus", metadata: { role: "planner" } };
  const request = { ...claim, joinUrl: invite.url };
  const admitting = patiently("the request", async () => {
    const processed = await carla.ask(Processed, "conversations", "process-join-requests");
    return processed.processed > 0 && processed;
  });
  const [first, { results }] = await Promise.all([agent.provision(request), admitting]);
  expect(["joined", "pending"]).toContain(first.outcome);
  const report = await stage.world.platform.waitFor("joined", WAIT_MS);
  return { results, report, answer: await agent.provision(request) };
}

async function expectEnd(reason: string): Promise<void> {
  expect(await agent.exitCode).toBe(0);
  expect(stage.world.platform.events.slice(-2)).toMatchObject([
    { kind: "exploding", reason },
    { kind: "exploded", reason },
  ]);
  expect(await readdir(stage.world.stateDir)).toEqual(["tombstone.json"]);
}

describe("an invite by Convos's own client, used by an agent", { timeout: TEST_TIMEOUT_MS }, () => {
  beforeAll(openStage, OPEN_TIMEOUT_MS);
  afterAll(closeStage);

  it("is answered by it, and the agent says that it has joined", async () => {
    const { results, report, answer } = await admitAgent();
    const profile = { name: "Walrus", memberKind: "agent" };
    expect(results).toMatchObject([{ conversationId: room, joinerInboxId: walrusInbox, profile }]);
    expect(answer).toMatchObject({ outcome: "joined", conversationId: room, inviteUrl: null });
    expect(report).toMatchObject({ conversationId: room });
  });

  it("is not used a second time by the request that lies there", async () => {
    const again = await carla.ask(Processed, "conversations", "process-join-requests");
    expect(again.processed).toBe(0);
  });

  it("brings an agent that says who it is", async () => {
    const walrus = await patiently("the profile", async () => {
      const { profiles } = await carla.ask(Profiles, "conversation", "profiles", room);
      return profiles.find(({ inboxId, name }) => inboxId === walrusInbox && name !== null);
    });
    expect(walrus).toMatchObject({
      name: "Walrus",
      memberKind: AGENT_MEMBER_KIND,
      metadata: { role: { type: "string", value: "planner" } },
    });
    const greeting = await patiently("the greeting", async () => {
      const messages = await carla.ask(Messages, "conversation", "messages", room, "--sync");
      return messages.find(({ contentType }) => contentType.typeId === "text");
    });
    expect(greeting).toMatchObject({ senderInboxId: walrusInbox, content: greetingOf("Walrus") });
  });

  it("brings an agent that answers its texts and replies", async () => {
    carlas = await stage.live(carla, room);
    await carlas.say("where to?");
    const { id, senderInboxId } = await carlas.hears("echo: where to?");
    expect(senderInboxId).toBe(walrusInbox);
    await carlas.say("to Rome", id);
    await carlas.hears("echo: to Rome");
  });

  it("brings an agent that reads the files that it sends", async () => {
    const file = join(carla.folder, "notes.txt");
    await writeFile(file, "sun cream, towels\n");
    await carlas.order({ type: "attach", file });
    expect(await carlas.hears("sun cream, towels")).toMatchObject({ senderInboxId: walrusInbox });
    await carlas.stop();
  });

  it("ends with the conversation that its client explodes", async () => {
    const { expiresAt } = await carla.ask(Exploded, "conversation", "explode", room, "--force");
    await expectEnd("member");
    const status = await carla.ask(ExplodeStatus, "conversation", "explode-status", room, "--sync");
    expect(status).toMatchObject({ expired: true, mostRecentExplodeSettings: { expiresAt } });
  });
});

describe("an agent in the conversation of Convos's own client", { timeout: TEST_TIMEOUT_MS }, () => {
  beforeAll(openStage, OPEN_TIMEOUT_MS);
  afterAll(closeStage);

  it("ends when the client removes it", async () => {
    expect((await admitAgent()).answer.outcome).toBe("joined");
    await carla.ask(Changed, "conversation", "remove-members", room, walrusInbox);
    await expectEnd("removed");
  });
});
