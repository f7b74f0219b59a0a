import { randomBytes, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { endClaim } from "../activities/registry/claims.ts";
import { listInstances } from "../activities/registry/instances.ts";
import { setPool } from "../activities/registry/pools.ts";
import { createInvite } from "../agent/convos/invite/create.ts";
import { type ClaimId, claimWorkflowId, parseClaimId, poolWorkflowId } from "../domain/ids.ts";
import { eventually } from "../infra/testing/eventually.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type Answer, call, claim } from "./testing/http.ts";
import { POOL, readyInstances } from "./testing/instances.ts";
import { boundClaims, deliver } from "./testing/stand-in-worker.ts";

const WORDS = "SECRET-WORDS-OF-A-PERSON";
let fixture: Fixture;
let url: string;

beforeAll(async () => {
  fixture = await startFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());
/** Each test leaves an empty pool and no open claim. */
afterEach(async () => {
  const { db } = fixture.registry;
  await sql`UPDATE claims SET state = 'cancelled' WHERE state IN ('waiting', 'bound', 'pending')`.execute(db);
  await sql`UPDATE claims SET state = 'ended' WHERE state = 'live'`.execute(db);
  await sql`UPDATE instances SET state = 'exploding', desired = 'absent', end_reason = 'operator'
    WHERE state NOT IN ('exploding', 'exploded')`.execute(db);
  await setPool(fixture.registry, POOL, { pausedReason: null });
});

const key = (): string => randomUUID();
const idOf = (answer: Answer): ClaimId => {
  const id = parseClaimId(answer.body.claimId);
  if (!id) throw new Error(`no claim id in ${answer.text}`);
  return id;
};
const countClaims = async (): Promise<number> => {
  const row = await fixture.registry.db
    .selectFrom("claims")
    .select((eb) => eb.fn.countAll<string>().as("n"))
    .where("state", "in", ["waiting", "bound", "pending", "live"])
    .executeTakeFirstOrThrow();
  return Number(row.n);
};
const workflowRuns = async (workflowId: string): Promise<string | undefined> => {
  try {
    return (await fixture.client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof Error && error.name === "WorkflowNotFoundError") return undefined;
    throw error;
  }
};
/** Delivers every claim as soon as it is bound, until `count` are. */
async function deliverAll(count: number): Promise<void> {
  let delivered = 0;
  await eventually(`${count} bound claims`, async () => {
    for (const { claimId, instanceId } of await boundClaims(fixture.registry)) {
      await deliver(fixture.registry, claimId, instanceId);
      delivered += 1;
    }
    return delivered >= count;
  });
}

describe("a claim", () => {
  test("is answered when the agent is in its conversation; its workflow and the pool's are started", async () => {
    const [instanceId] = await readyInstances(fixture.registry, 1);
    const answer = claim(url, key(), { instructions: WORDS, name: "Trips" });
    await deliverAll(1);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body).toEqual({
      claimId: expect.stringMatching(/^[a-z0-9]{20}$/),
      instanceId,
      status: "live",
      agentName: "Trip planner",
      conversationId: `conversation-of-${instanceId}`,
      inviteUrl: `https://local.convos.org/v2?i=${instanceId}`,
      joined: false,
    });
    expect(await eventually("the claim's workflow", () => workflowRuns(claimWorkflowId(body.claimId)))).toBe(
      "RUNNING",
    );
    expect(await eventually("the pool's workflow", () => workflowRuns(poolWorkflowId(POOL)))).toBe("RUNNING");
    const history = await fixture.client.workflow.getHandle(claimWorkflowId(body.claimId)).fetchHistory();
    expect(JSON.stringify(history)).not.toContain(Buffer.from(WORDS).toString("base64").slice(0, -4));
  });

  test("that is not answered in time is 202 with its address, and can be asked after", async () => {
    const [instanceId] = await readyInstances(fixture.registry, 1);
    const accepted = await claim(url, key(), { instructions: "x", waitMs: 0 });
    expect(accepted.status).toBe(202);
    const id = idOf(accepted);
    expect(accepted.body).toEqual({ claimId: id, status: "bound" });
    expect(accepted.headers.get("location")).toBe(`/api/claims/${id}`);
    if (!instanceId) throw new Error("no instance");
    await deliver(fixture.registry, id, instanceId, "pending");
    expect((await call(url, `/api/claims/${id}`)).body).toMatchObject({
      status: "pending",
      instanceId,
      joined: false,
    });
    await deliver(fixture.registry, id, instanceId, "live");
    const { body } = await call(url, `/api/claims/${id}`);
    expect(body).toMatchObject({ status: "live", agentName: "Trip planner", attempt: 1 });
  });

  test("that waits to be admitted is answered with 200 pending", async () => {
    const [instanceId] = await readyInstances(fixture.registry, 1);
    const answer = claim(url, key(), { instructions: "x" });
    const [bound] = await eventually("a bound claim", async () => {
      const found = await boundClaims(fixture.registry);
      return found.length > 0 && found;
    });
    if (!bound || !instanceId) throw new Error("nothing is bound");
    await deliver(fixture.registry, bound.claimId, instanceId, "pending");
    const { status, body } = await answer;
    expect([status, body.status, body.conversationId, body.inviteUrl]).toEqual([200, "pending", null, null]);
  });

  test("that fails is answered with the problem of its failure", async () => {
    await readyInstances(fixture.registry, 1);
    const answer = claim(url, key(), { instructions: "x" });
    const [bound] = await eventually("a bound claim", async () => {
      const found = await boundClaims(fixture.registry);
      return found.length > 0 && found;
    });
    if (!bound) throw new Error("nothing is bound");
    await endClaim(fixture.registry, bound.claimId, { state: "failed", code: "conversation-full" });
    const { status, body } = await answer;
    expect([status, body.code]).toEqual([422, "conversation-full"]);
    const later = await call(url, `/api/claims/${bound.claimId}`);
    expect(later.body).toMatchObject({ status: "failed", failure: "conversation-full" });
  });
});

describe("repetition", () => {
  test("the same key ten times at once is one claim with equal answers", async () => {
    await readyInstances(fixture.registry, 3);
    const same = key();
    const calls = Array.from({ length: 10 }, () => claim(url, same, { instructions: "x", name: "n" }));
    await deliverAll(1);
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(await countClaims()).toBe(1);
    const later = await claim(url, same, { name: "n", instructions: "x", waitMs: 0 });
    expect(later.text).toBe(answers[0]?.text);
    const other = await claim(url, same, { instructions: "y", name: "n" });
    expect([other.status, other.body.code]).toEqual([422, "idempotency-key-reused"]);
  });

  test("three claims of one invite are one instance, however the invite is written", async () => {
    await readyInstances(fixture.registry, 3);
    const { url: link, slug } = createInvite({
      privateKey: randomBytes(32),
      inboxId: randomBytes(32).toString("hex"),
      groupId: randomBytes(16).toString("hex"),
      tag: "abcdefghij",
      env: "local",
    });
    const calls = [link, slug, `convos-local://join/${slug}`].map((joinUrl) =>
      claim(url, key(), { instructions: "x", joinUrl }),
    );
    await deliverAll(1);
    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ body }) => body.instanceId)).size).toBe(1);
    const claimed = await listInstances(fixture.registry, { limit: 100, ended: false });
    expect(claimed.filter(({ state }) => state === "claimed")).toHaveLength(1);
  });
});

describe("an empty pool", () => {
  test("serves waiting claims in their order", async () => {
    const answers: Promise<Answer>[] = [];
    for (let n = 1; n <= 3; n += 1) {
      answers.push(claim(url, key(), { instructions: `claim ${n}` }));
      await eventually(`${n} claims`, async () => (await countClaims()) === n);
    }
    const ids = await readyInstances(fixture.registry, 3);
    await deliverAll(3);
    const served = (await Promise.all(answers)).map(({ body }) => body.instanceId);
    expect(served).toEqual(ids);
  });

  test("refuses at once when asked to, and holds nothing", async () => {
    const refused = await claim(url, key(), { instructions: "x", onEmpty: "reject" });
    expect([refused.status, refused.body.code]).toEqual([503, "pool-empty"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await setPool(fixture.registry, POOL, { pausedReason: "for the test" });
    const paused = await claim(url, key(), { instructions: "x", onEmpty: "reject" });
    expect([paused.status, paused.body.code]).toEqual([503, "pool-paused"]);
    expect(await countClaims()).toBe(0);
  });
});

describe("DELETE", () => {
  test("cancels a waiting claim, whose caller is told and whose key is free", async () => {
    const same = key();
    const waiting = claim(url, same, { instructions: "x" });
    await eventually("the claim", async () => (await countClaims()) === 1);
    const { id } = await fixture.registry.db
      .selectFrom("claims")
      .select("id")
      .where("state", "=", "waiting")
      .executeTakeFirstOrThrow();
    const cancelled = await call(url, `/api/claims/${id}`, { method: "DELETE" });
    expect([cancelled.status, cancelled.body.status]).toEqual([200, "cancelled"]);
    const told = await waiting;
    expect([told.status, told.body.code]).toEqual([409, "cancelled"]);
    const again = await call(url, `/api/claims/${id}`, { method: "DELETE" });
    expect([again.status, again.body.status]).toEqual([200, "cancelled"]);
    const anew = await claim(url, same, { instructions: "another", waitMs: 0 });
    expect(anew.status).toBe(202);
    expect(anew.body.claimId).not.toBe(id);
  });

  test("of a live claim says to explode its instance", async () => {
    const [instanceId] = await readyInstances(fixture.registry, 1);
    const answer = claim(url, key(), { instructions: "x" });
    await deliverAll(1);
    const refused = await call(url, `/api/claims/${idOf(await answer)}`, { method: "DELETE" });
    expect([refused.status, refused.body.code]).toEqual([409, "conflict"]);
    expect(refused.body.detail).toContain(`explode instance ${instanceId}`);
  });
});

describe("the listening connection", () => {
  const killListeners = async (): Promise<void> => {
    const { rows } = await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'gateway-listen'`.execute(fixture.registry.db);
    expect(rows.length).toBeGreaterThan(0);
  };

  test("may be lost: answers committed meanwhile are found", async () => {
    await readyInstances(fixture.registry, 1);
    const started = performance.now();
    const answer = claim(url, key(), { instructions: "x" });
    await eventually("a bound claim", async () => (await boundClaims(fixture.registry)).length === 1);
    await killListeners();
    await deliverAll(1);
    expect((await answer).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  test("answers a claim that another gateway took in", async () => {
    await readyInstances(fixture.registry, 1);
    const other = await fixture.startAnother();
    const same = key();
    const first = claim(other.url, same, { instructions: "x" });
    await eventually("the claim", async () => (await countClaims()) === 1);
    const second = claim(url, same, { instructions: "x" });
    await deliverAll(1);
    expect((await second).text).toBe((await first).text);
    await other.stop();
  });

  test("a gateway that stops answers those who wait with the present state", async () => {
    const other = await fixture.startAnother();
    const waiting = claim(other.url, key(), { instructions: "x" });
    await eventually("the claim", async () => (await countClaims()) === 1);
    await other.stop();
    const { status, body } = await waiting;
    expect([status, body.status]).toEqual([202, "waiting"]);
  });
});

test("no word of a caller is in the log", () => {
  expect(JSON.stringify(fixture.log)).not.toContain(WORDS);
});
