import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { fence } from "../activities/registry/end.ts";
import { type ClaimId, claimWorkflowId, type InstanceId, poolWorkflowId } from "../domain/ids.ts";
import { eventually } from "../infra/testing/eventually.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type HeldAgent, startHeldAgent } from "./testing/held-agent.ts";
import { call, claim } from "./testing/http.ts";
import { POOL, readyInstances } from "./testing/instances.ts";

let fixture: Fixture;
let url: string;
let instanceId: InstanceId;
let agent: HeldAgent;

beforeAll(async () => {
  fixture = await startFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());
beforeEach(async () => {
  const [id] = await readyInstances(fixture.registry, 1);
  if (!id) throw new Error("no instance");
  instanceId = id;
  agent = await startHeldAgent(fixture.registry, id);
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
  const { db } = fixture.registry;
  await sql`UPDATE claims SET state = 'cancelled' WHERE state IN ('waiting', 'bound', 'pending')`.execute(db);
  await fence(fixture.registry, instanceId, "operator");
});

const isRunning = async (workflowId: string): Promise<boolean> => {
  try {
    return (await fixture.client.workflow.getHandle(workflowId).describe()).status.name === "RUNNING";
  } catch (error) {
    if (error instanceof Error && error.name === "WorkflowNotFoundError") return false;
    throw error;
  }
};
const claimOf = async (): Promise<ClaimId> => {
  const { claim_id } = await fixture.registry.db
    .selectFrom("bindings")
    .select("claim_id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirstOrThrow();
  return claim_id;
};

test("an agent that answers serves the claim without a worker; its workflow is started afterwards", async () => {
  agent.answer();
  const { status, body } = await claim(url, "served", { instructions: "x" });
  expect([status, body.status, body.instanceId, body.agentName]).toEqual([200, "live", instanceId, "Luna"]);
  await eventually("its workflow", () => isRunning(claimWorkflowId(body.claimId)));
  await eventually("the pool's workflow", () => isRunning(poolWorkflowId(POOL)));
});

test("an agent that hangs holds up neither the answer nor the workflow", async () => {
  const accepted = await claim(url, "held", { instructions: "x", waitMs: 0 });
  expect([accepted.status, accepted.body.status]).toEqual([202, "bound"]);
  await eventually("the first try", () => agent.held() === 1);
  await eventually("its workflow", () => isRunning(claimWorkflowId(accepted.body.claimId)));
  // The first try goes on beside it.
  expect(agent.held()).toBe(1);
  const waiting = await claim(url, "held", { instructions: "x", waitMs: 1 });
  expect(waiting.status).toBe(202);
  agent.answer();
  await eventually("the agent's answer", async () => {
    const { body } = await call(url, `/api/claims/${accepted.body.claimId}`);
    return body.status === "live";
  });
});

test("the wait is over when `waitMs` is, while the first try is still under way", async () => {
  const { status } = await claim(url, "short", { instructions: "x", waitMs: 1_200 });
  expect([status, agent.held()]).toEqual([202, 1]);
});

test("an answer that comes after the head start is the answer to whoever waits", async () => {
  const answer = claim(url, "late", { instructions: "x" });
  await eventually("the first try", () => agent.held() === 1);
  await eventually("its workflow", async () => isRunning(claimWorkflowId(await claimOf())));
  agent.answer();
  const { status, body } = await answer;
  expect([status, body.status]).toEqual([200, "live"]);
});

test("a caller that leaves early leaves a claim that is served and recorded", async () => {
  const leaving = new AbortController();
  const answer = claim(url, "gone", { instructions: "x" }, { signal: leaving.signal });
  await eventually("the first try", () => agent.held() === 1);
  leaving.abort();
  await expect(answer).rejects.toThrow("aborted");
  agent.answer();
  const claimId = await claimOf();
  await eventually("its workflow", () => isRunning(claimWorkflowId(claimId)));
  expect((await call(url, `/api/claims/${claimId}`)).body.status).toBe("live");
});
