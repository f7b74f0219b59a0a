import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  AGENT_PATHS,
  type AgentStatus,
  NONCE_HEADER,
  statusProofParts,
} from "../../domain/agent-protocol.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { AgentClient } from "../agent/agent-client.ts";
import { macOf } from "../agent/proof.ts";
import { readInbound, settleInbound, storeInbound } from "../registry/inbound.ts";
import { storeSecret } from "../registry/secrets.ts";
import { deliverDueInbound, deliverInbound } from "./deliver.ts";

const SECRET = "3".repeat(64);
const agents = new AgentClient({ timeoutsMs: { status: 500, notify: 500 } });
const servers: Server[] = [];
let test: TestRegistry;

beforeAll(async () => {
  test = await startTestRegistry();
});
afterAll(() => test[Symbol.asyncDispose]());
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await test.registry.db.deleteFrom("inbound").execute();
  await test.registry.db.deleteFrom("inbound_drops").execute();
});

/** An agent that proves itself and keeps what it is told; `answer` is the status to a notification. */
async function startAgent(id: InstanceId, answer = 204): Promise<{ url: string; told: string[] }> {
  const told: string[] = [];
  const status: AgentStatus = {
    ...{ instanceId: id, epoch: 1, generation: "g1", ready: true, parts: {}, versions: {} },
    ...{ inboxId: null, joinInboxId: null, conversationId: null, claimId: null, exploding: false },
  };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url === AGENT_PATHS.status) {
      const nonce = String(request.headers[NONCE_HEADER]);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ...status, proof: macOf(SECRET, statusProofParts(nonce, status)) }));
      return;
    }
    if (answer === 204) told.push(Object(JSON.parse(body)).id);
    response.writeHead(answer).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, told };
}

async function claimed(url: string | null = "http://127.0.0.1:1"): Promise<InstanceId> {
  const id = await test.idle();
  await storeSecret(test.registry, test.registry.db, id, "instance-secret", SECRET);
  await test.registry.db
    .updateTable("instances")
    .set({ state: "claimed", epoch: 1, url })
    .where("id", "=", id)
    .execute();
  return id;
}

const point = (id: InstanceId, url: string) =>
  test.registry.db.updateTable("instances").set({ url }).where("id", "=", id).execute();

const message = {
  from: "+1",
  to: "+2",
  sentAt: "2026-01-02T03:04:05Z",
  reference: "r",
  text: "hi",
  attachments: [],
};
const keep = (id: InstanceId, eventId: string) =>
  storeInbound(test.registry, id, { provider: "telnyx", eventId, item: { kind: "sms", message } });
const delivering = () => ({ registry: test.registry, agents });

async function rows(id: InstanceId) {
  return test.registry.db
    .selectFrom("inbound")
    .select([
      "id",
      "attempts",
      sql<number>`round(extract(epoch FROM next_attempt_at - now()))::int`.as("seconds"),
    ])
    .where("instance_id", "=", id)
    .where("delivered_at", "is", null)
    .orderBy("received_at")
    .execute();
}
const makeDue = (id: InstanceId) =>
  test.registry.db
    .updateTable("inbound")
    .set({ next_attempt_at: sql<Date>`now()` })
    .where("instance_id", "=", id)
    .execute();

it("leaves an agent that does not answer alone, longer each time, and tells it everything once it does", async () => {
  const id = await claimed();
  await keep(id, "one");
  await keep(id, "two");
  const pauses: number[] = [];
  for (let round = 0; round < 7; round++) {
    expect(await deliverDueInbound(delivering())).toBe(0);
    const waiting = await rows(id);
    expect(new Set(waiting.map(({ attempts }) => attempts))).toEqual(new Set([round + 1]));
    pauses.push(Math.max(...waiting.map(({ seconds }) => seconds)));
    await makeDue(id);
  }
  for (const [index, expected] of [30, 60, 120, 240, 480, 900, 900].entries())
    expect(Math.abs((pauses[index] ?? 0) - expected)).toBeLessThanOrEqual(2);
  const agent = await startAgent(id);
  await point(id, agent.url);
  expect(await deliverDueInbound(delivering())).toBe(1);
  expect(agent.told).toEqual((await rows(id)).map((row) => row.id));
});

it("does not ask again at once, and tells again what was not fetched", async () => {
  const id = await claimed();
  await keep(id, "one");
  const agent = await startAgent(id);
  await point(id, agent.url);
  expect(await deliverInbound(delivering(), id)).toBe(true);
  expect(await deliverDueInbound(delivering())).toBe(0);
  expect(agent.told).toHaveLength(1);
  await makeDue(id);
  expect(await deliverDueInbound(delivering())).toBe(1);
  expect(new Set(agent.told).size).toBe(1);
  await settleInbound(test.registry, id, agent.told[0] ?? "");
  await makeDue(id);
  expect(await deliverDueInbound(delivering())).toBe(0);
  expect(agent.told).toHaveLength(2);
});

it("lets no agent that fails hold up another's", async () => {
  const [silent, refusing, well] = [await claimed(), await claimed(), await claimed()];
  await point(refusing, (await startAgent(refusing, 429)).url);
  const agent = await startAgent(well);
  await point(well, agent.url);
  for (const id of [silent, refusing, well]) await keep(id, `for ${id}`);
  expect(await deliverDueInbound(delivering())).toBe(1);
  expect(agent.told).toHaveLength(1);
  expect((await rows(refusing))[0]).toMatchObject({ attempts: 1 });
});

it("waits, without counting, for an agent that is being started again", async () => {
  const id = await claimed(null);
  await keep(id, "one");
  await test.registry.db.updateTable("instances").set({ state: "recovering" }).where("id", "=", id).execute();
  expect(await deliverDueInbound(delivering())).toBe(0);
  expect(await deliverInbound(delivering(), id)).toBe(false);
  expect(await rows(id)).toMatchObject([{ attempts: 0 }]);
});

it("forgets what is a week old, and counts what of it nobody fetched", async () => {
  const id = await claimed();
  for (const event of ["fetched", "lost", "young"]) await keep(id, event);
  const [fetched, lost, young] = await rows(id);
  await settleInbound(test.registry, id, fetched?.id ?? "");
  await test.registry.db
    .updateTable("inbound")
    .set({ received_at: sql<Date>`now() - interval '8 days'` })
    .where("id", "in", [fetched?.id ?? "", lost?.id ?? ""])
    .execute();
  await deliverDueInbound(delivering());
  expect((await rows(id)).map((row) => row.id)).toEqual([young?.id]);
  const drops = await test.registry.db.selectFrom("inbound_drops").select(["reason", "count"]).execute();
  expect(drops).toEqual([{ reason: "expired", count: "1" }]);
});

it("cannot be read once the instance's key is gone, nor as another instance's", async () => {
  const [id, other] = [await claimed(), await claimed()];
  await keep(id, "one");
  const [row] = await rows(id);
  const inboundId = row?.id ?? "";
  expect(await readInbound(test.registry, id, inboundId)).toEqual({ kind: "sms", message });
  expect(await readInbound(test.registry, other, inboundId)).toBeUndefined();
  // A row that is moved to another instance does not open there: what it is sealed for is part of the seal.
  await test.registry.db
    .updateTable("inbound")
    .set({ instance_id: other })
    .where("id", "=", inboundId)
    .execute();
  await expect(readInbound(test.registry, other, inboundId)).rejects.toThrow();
  await test.registry.db
    .updateTable("inbound")
    .set({ instance_id: id })
    .where("id", "=", inboundId)
    .execute();
  await test.registry.db.updateTable("instances").set({ data_key: null }).where("id", "=", id).execute();
  expect(await readInbound(test.registry, id, inboundId)).toBeUndefined();
});
