import { defaultPayloadConverter } from "@temporalio/common";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimWorkflowId } from "../../domain/ids.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";

let platform: TestPlatform;

beforeAll(async () => {
  platform = await TestPlatform.start({ target: 6, compute: "stand-in" });
  await platform.run("workers", "claims", "gateway");
  await eventually("6 are idle", async () => (await platform.counts()).idle === 6, 60_000);
  await platform.request("POST", "/api/pool/pause", { reason: "this test counts instances" });
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

/** What the present run of a workflow was started with. */
async function startOf(workflowId: string): Promise<unknown> {
  const { events } = await platform.temporal.workflow.getHandle(workflowId).fetchHistory();
  const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return payload && defaultPayloadConverter.fromPayload(payload);
}

describe("20 claims at once on 6 idle agents of a paused pool", () => {
  const asked = Array.from({ length: 20 }, (_, index) => ({
    key: `crowd-${index}`,
    onEmpty: index % 2 === 0 ? "wait" : "reject",
  }));

  it("serves six distinct agents, lets the others wait in order or refuses them, as each asked", async () => {
    const answers = await Promise.all(
      asked.map(async ({ key, onEmpty }) => ({
        key,
        onEmpty,
        ...(await platform.claim(key, { onEmpty, waitMs: 3_000 })),
      })),
    );
    const live = answers.filter((answer) => answer.status === 200);
    expect(new Set(live.map((answer) => answer.body.instanceId)).size).toBe(6);
    expect(live).toHaveLength(6);
    const rest = answers.filter((answer) => answer.status !== 200);
    for (const answer of rest) {
      if (answer.onEmpty === "wait") {
        expect(answer).toMatchObject({ status: 202, body: { status: "waiting" } });
        expect(answer.headers.get("location")).toBe(`/api/claims/${String(answer.body.claimId)}`);
      } else {
        expect(answer).toMatchObject({ status: 503, body: { code: "pool-paused" } });
        expect(answer.headers.get("retry-after")).not.toBeNull();
      }
    }
    expect((await platform.counts()).waiting).toBe(rest.filter((answer) => answer.onEmpty === "wait").length);
  }, 30_000);

  it("hands what an operator adds to the longest waiting claim first", async () => {
    const waiting = await platform.registry.db
      .selectFrom("claims")
      .select("id")
      .where("state", "=", "waiting")
      .orderBy("created_at")
      .execute();
    await platform.request("POST", "/api/pool/replenish", { count: 1 });
    const [first, second] = waiting;
    await eventually("the first is live", async () => {
      const { body } = await platform.request("GET", `/api/claims/${first?.id}`);
      return body.status === "live";
    });
    expect((await platform.request("GET", `/api/claims/${second?.id}`)).body.status).toBe("waiting");
  }, 30_000);

  it("goes on when the workflows of a waiting claim and of the pool were terminated by hand", async () => {
    const { id, created_at } = await platform.registry.db
      .selectFrom("claims")
      .select(["id", "created_at"])
      .where("state", "=", "waiting")
      .orderBy("created_at")
      .executeTakeFirstOrThrow();
    await platform.temporal.workflow.getHandle(`claim/${id}`).terminate("by hand");
    await platform.temporal.workflow.getHandle("pool/default").terminate("by hand");
    // By this look or by the one of each minute, whichever comes first.
    await eventually("the claim's workflow runs again", async () => {
      await platform.request("POST", "/api/pool/reconcile");
      const { status } = await platform.temporal.workflow.getHandle(`claim/${id}`).describe();
      return status.name === "RUNNING";
    });
    expect(await startOf(claimWorkflowId(id))).toEqual({ claimId: id, sinceMs: created_at.getTime() });
    await platform.request("POST", "/api/pool/replenish", { count: 1 });
    await eventually(
      "it is live",
      async () => (await platform.request("GET", `/api/claims/${id}`)).body.status === "live",
    );
  }, 30_000);

  it("cancels waiting claims", async () => {
    const waiting = await platform.registry.db
      .selectFrom("claims")
      .select("id")
      .where("state", "=", "waiting")
      .execute();
    for (const { id } of waiting) {
      expect((await platform.request("DELETE", `/api/claims/${id}`)).status).toBe(200);
    }
    expect((await platform.counts()).waiting).toBe(0);
  });
});

describe("a claim that is repeated", () => {
  it("makes one agent of ten requests with one key at once, with equal answers", async () => {
    await platform.request("POST", "/api/pool/replenish", { count: 3 });
    await eventually("3 are idle", async () => (await platform.counts()).idle === 3);
    const answers = await Promise.all(Array.from({ length: 10 }, () => platform.claim("double-tap")));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect((await platform.counts()).idle).toBe(2);
    expect((await platform.claim("double-tap")).body).toEqual(answers[0]?.body);
  }, 30_000);

  it("says nothing to its key with another body", async () => {
    const answer = await platform.claim("double-tap", { instructions: "another" });
    expect(answer).toMatchObject({ status: 422, body: { code: "idempotency-key-reused" } });
    expect(JSON.stringify(answer.body)).not.toContain("trip planner");
  });
});

it("leaves nothing that the audit would find", async () => {
  expect((await platform.request("POST", "/api/pool/audit")).body).toEqual({ violations: [] });
}, 60_000);
