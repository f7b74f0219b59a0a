import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Group } from "@xmtp/node-sdk";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AgentClient } from "../../activities/agent/agent-client.ts";
import { deliverDueInbound } from "../../activities/inbound/deliver.ts";
import { storeInbound } from "../../activities/registry/inbound.ts";
import { instanceKeyContext } from "../../activities/registry/pools.ts";
import { storeSecret } from "../../activities/registry/secrets.ts";
import type { AgentProcess } from "../../agent/server/testing/agent-process.ts";
import { CLAIM_ID, joinByUrl, textsFrom, World } from "../../agent/server/testing/world.ts";
import { type InstanceId, parseInstanceId, resourceName } from "../../domain/ids.ts";
import { TestTelnyx } from "../../infra/local/doubles/telnyx/testing.ts";
import { eventually } from "../../infra/testing/eventually.ts";
import { type OutsideFixture, startOutsideFixture } from "../testing/outside-fixture.ts";

const SOMEBODY = "+19985550123";

/** A person's phone, the provider, the gateway, the agent and the room that it answers in. */
let telnyx: TestTelnyx;
let relay: Relay;
let fixture: OutsideFixture;
let world: World;
let instanceId: InstanceId;
let number: string;
let group: Group<unknown>;
let agent: AgentProcess;
let agentInbox: string;

beforeEach(async () => {
  telnyx = await TestTelnyx.start();
  fixture = await startOutsideFixture({ TELNYX_WEBHOOK_PUBLIC_KEY: telnyx.double.publicKey });
  relay = await startRelay(fixture.gateway.url);
  world = await World.open();
  const id = parseInstanceId(world.identity.instanceId);
  if (!id) throw new Error("the agent's id must be one");
  instanceId = id;
  const profile = await telnyx.createProfile({ webhook_url: `${relay.url}/webhooks/telnyx` });
  number = await telnyx.buyNumber(profile);
  await register();
  agent = await startAgent(1);
  agentInbox = (await agent.status()).inboxId ?? "";
  const { inviteUrl } = await agent.provision({ claimId: CLAIM_ID, instructions: "" });
  await fixture.test.registry.db
    .updateTable("instances")
    .set({ state: "claimed" })
    .where("id", "=", id)
    .execute();
  group = await joinByUrl(await world.person(), inviteUrl);
});
afterEach(async () => {
  await world.close();
  await relay.close();
  await fixture[Symbol.asyncDispose]();
  await telnyx.close();
});

async function register(): Promise<void> {
  const { registry, pool } = fixture.test;
  const name = resourceName("cv", "test", instanceId);
  const { sealed } = await registry.vault.newDataKey(instanceKeyContext(instanceId));
  await registry.db
    .insertInto("instances")
    .values({ id: instanceId, pool, name, generation: "test", state: "idle", data_key: sealed })
    .execute();
  const { instanceSecret } = world.identity;
  await storeSecret(registry, registry.db, instanceId, "instance-secret", instanceSecret);
  const owned = { provider: "telnyx", kind: "number", external_id: number } as const;
  await registry.db
    .insertInto("resources")
    .values({ ...owned, instance_id: instanceId, name, state: "active" })
    .execute();
}

/** What the lifecycle does: the next epoch, and where it listens. */
async function startAgent(epoch: number): Promise<AgentProcess> {
  const { db } = fixture.test.registry;
  await db.updateTable("instances").set({ epoch, url: null }).where("id", "=", instanceId).execute();
  const started = await world.startAgent(epoch, { GATEWAY_URL: fixture.gateway.url });
  await db.updateTable("instances").set({ url: started.url }).where("id", "=", instanceId).execute();
  await eventually("the agent to be ready", async () => (await started.status()).ready);
  return started;
}

const receive = (text: string) =>
  telnyx.control("POST", "telnyx/receive", { to: number, from: SOMEBODY, text });
/** What the agent has answered to messages from outside. */
const answers = async (): Promise<string[]> =>
  (await textsFrom(group, agentInbox)).filter((text) => text.includes("text message (SMS)"));
const undelivered = async (): Promise<number> =>
  (await fixture.stored()).filter((row) => row.delivered_at === null).length;

/** The answer to this text; a later exchange in the room shows that no second one follows. */
async function onlyAnswerTo(text: string): Promise<string> {
  await eventually("the answer", async () => (await answers()).some((said) => said.includes(text)), 40_000);
  await eventually("the delivery to be acknowledged", async () => (await undelivered()) === 0);
  await group.sendText("and now?");
  await eventually("a later answer", async () =>
    (await textsFrom(group, agentInbox)).some((said) => said.endsWith("and now?")),
  );
  const [said, ...others] = await answers();
  expect(others).toEqual([]);
  return said ?? "";
}

it("a text message is one turn, marked as coming from outside", async () => {
  expect((await receive("Is the table free\nat nine?")).status).toBe(201);
  const said = await onlyAnswerTo("Is the table free");
  expect(said).toContain(`From: ${SOMEBODY}`);
  // What the agent says is plain text, so the marks of the quotation are gone from it.
  expect(said).toContain("Is the table free\nat nine?");
  expect(said).toContain("not in this conversation");
  expect(`${fixture.lines.join("\n")}${agent.log}`).not.toMatch(/table free|9985550123/);
}, 90_000);

it("is one turn when it is delivered three times at once", async () => {
  relay.times = 3;
  await receive("three times");
  await onlyAnswerTo("three times");
  expect(relay.statuses).toEqual([200, 200, 200]);
  expect(await fixture.stored()).toHaveLength(1);
}, 90_000);

it("waits for an agent that is away, and is one turn when it is back", async () => {
  await agent.kill();
  await receive("while you were out");
  const [row] = await eventually("it to be kept", async () => {
    const rows = await fixture.stored();
    return rows.some(({ attempts }) => Number(attempts) > 0) && rows;
  });
  expect(row?.sealed).not.toBeNull();
  agent = await startAgent(2);
  await onlyAnswerTo("while you were out");
}, 90_000);

it("is one turn when the agent is killed again and again around it", async () => {
  await receive("in pieces");
  for (const epoch of [2, 3]) {
    await agent.kill();
    agent = await startAgent(epoch);
  }
  await onlyAnswerTo("in pieces");
}, 90_000);

it("is kept by nobody when its signature is wrong or its time is long past", async () => {
  await telnyx.control("POST", "telnyx/webhook-faults", { fault: "badSignature", times: 1 });
  await telnyx.control("POST", "telnyx/webhook-faults", { fault: "staleTimestamp", times: 1 });
  await receive("forged");
  await receive("old");
  await eventually("the attempts", () => relay.statuses.length >= 6);
  expect(new Set(relay.statuses)).toEqual(new Set([401]));
  expect(await fixture.stored()).toEqual([]);
  await receive("genuine");
  expect(await onlyAnswerTo("genuine")).not.toMatch(/forged|old/);
}, 90_000);

it("tells the agent of new money in the same way, in the next round", async () => {
  const { registry } = fixture.test;
  const arrival = { provider: "platform", eventId: `${instanceId}/may`, item: { kind: "credits" } } as const;
  expect(await storeInbound(registry, instanceId, arrival)).toBe("stored");
  expect(await storeInbound(registry, instanceId, arrival)).toBe("repeated");
  expect(await deliverDueInbound({ registry, agents: new AgentClient() })).toBe(1);
  await eventually("the agent to know", () => agent.logged("echo-brain-refilled"));
  await eventually("the delivery to be acknowledged", async () => (await undelivered()) === 0);
}, 90_000);

interface Relay {
  url: string;
  /** How often each request is passed on, at once. */
  times: number;
  /** What the gateway answered. */
  statuses: number[];
  close(): Promise<void>;
}

/** Passes webhooks on as they are, as often as is wanted. */
async function startRelay(target: string): Promise<Relay> {
  const server = createServer(async (request, response) => {
    const body = new Uint8Array(await buffer(request));
    const headers = Object.fromEntries(
      ["content-type", "telnyx-timestamp", "telnyx-signature-ed25519"].map((name) => [
        name,
        String(request.headers[name]),
      ]),
    );
    const post = async (): Promise<number> => {
      const answer = await fetch(`${target}${request.url}`, { method: "POST", headers, body });
      await answer.body?.cancel();
      return answer.status;
    };
    const statuses = await Promise.all(Array.from({ length: started.times }, post));
    started.statuses.push(...statuses);
    response.writeHead(statuses[0] ?? 500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const started: Relay = {
    url: `http://127.0.0.1:${address.port}`,
    times: 1,
    statuses: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}
