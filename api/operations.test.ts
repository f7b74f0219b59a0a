import { fileURLToPath } from "node:url";
import { NativeConnection, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bury, fence, purge, storeReceipt } from "../activities/registry/end.ts";
import { moveInstance } from "../activities/registry/instances.ts";
import { intakeClaim } from "../activities/registry/intake.ts";
import { intend } from "../activities/registry/ledger.ts";
import { setPool } from "../activities/registry/pools.ts";
import { storeSecret } from "../activities/registry/secrets.ts";
import { FAULT_CODES, FAULT_PARTS } from "../domain/agent-protocol.ts";
import { explodeWorkflowId, poolWorkflowId } from "../domain/ids.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type Call, call } from "./testing/http.ts";
import { POOL, planInstances, readyInstances, reportingInstance } from "./testing/instances.ts";

let fixture: Fixture;
let url: string;

beforeAll(async () => {
  fixture = await startFixture();
  url = fixture.gateway.url;
});
afterAll(() => fixture[Symbol.asyncDispose]());

const statusOf = async (workflowId: string): Promise<string> =>
  (await fixture.client.workflow.getHandle(workflowId).describe()).status.name;
const signalsOf = async (workflowId: string): Promise<string[]> => {
  const { events } = await fixture.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
};
/** A workflow that nobody runs, to see what it is sent. */
const startIdle = (workflowId: string) =>
  fixture.client.workflow.start("nobody", { workflowId, taskQueue: "nobody" });

describe("the pool", () => {
  test("shows its counts to everybody and why it is not full to those with a key", async () => {
    await planInstances(fixture.registry, 2);
    const counts = await call(url, "/api/pool/counts", { token: "" });
    expect(counts.status).toBe(200);
    expect(counts.body).toEqual({
      idle: 0,
      provisioning: 2,
      claimed: 0,
      quarantined: 0,
      exploding: 0,
      waiting: 0,
    });
    await setPool(fixture.registry, POOL, { target: 3, pausedReason: "the provider is out of credit" });
    const { body } = await call(url, "/api/pool");
    expect(body).toMatchObject({ name: "default", target: 3, pausedReason: "the provider is out of credit" });
    expect(body.why).toBe(
      "0 of 3 idle: the pool is paused (the provider is out of credit) and starts nothing until it is resumed.",
    );
    await setPool(fixture.registry, POOL, { target: 0, pausedReason: null });
  });

  test("is operated by updates of its workflow, which is started", async () => {
    const connection = await NativeConnection.connect({ address: fixture.temporalAddress });
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUES.control,
      workflowsPath: fileURLToPath(new URL("./testing/stand-in-workflows.ts", import.meta.url)),
    });
    const results = await worker.runUntil(async () => {
      const operate = (path: string, options: Call = {}) =>
        call(url, `/api/pool/${path}`, { method: "POST", ...options });
      return {
        target: await operate("target", { method: "PUT", body: { target: 2 } }),
        replenish: await operate("replenish", { body: { count: 1 } }),
        refused: await operate("replenish", { body: { count: 20 } }),
        drain: await operate("drain", { body: { count: 2 } }),
        pause: await operate("pause", { body: { reason: "maintenance" } }),
        resume: await operate("resume"),
        rate: await operate("rate", { method: "PUT", body: { startsPerMinute: 30 } }),
        noRate: await operate("rate", { method: "PUT", body: { startsPerMinute: 0 } }),
        maxAge: await operate("max-age", { method: "PUT", body: { hours: 12 } }),
        rollout: await operate("rollout", { body: { generation: "g2", strategy: "Recreate" } }),
        noStrategy: await operate("rollout", { body: { generation: "g2", strategy: "AllAtOnce" } }),
        reconcile: await operate("reconcile", { body: {} }),
      };
    });
    await connection.close();
    expect(Object.entries(results).map(([name, { status }]) => [name, status])).toEqual([
      ["target", 200],
      ["replenish", 200],
      ["refused", 409],
      ["drain", 200],
      ["pause", 200],
      ["resume", 200],
      ["rate", 200],
      ["noRate", 400],
      ["maxAge", 200],
      ["rollout", 200],
      ["noStrategy", 400],
      ["reconcile", 200],
    ]);
    expect(results.refused.body.code).toBe("conflict");
    expect(results.drain.body).toEqual({ drained: ["aaaaaaaaaaa0", "aaaaaaaaaaa0"] });
    expect(results.reconcile.body).toEqual({ claims: 2 });
    expect(results.resume.body.why).toMatch(/^The pool is full/);
    expect(await statusOf(poolWorkflowId(POOL))).toBe("RUNNING");
  }, 60_000);

  test("says so when nobody answers an operation in time", async () => {
    const { status, body, headers } = await call(url, "/api/pool/resume", { method: "POST" });
    expect([status, body.code]).toEqual([503, "unavailable"]);
    expect(body.detail).toContain("temporal");
    expect(headers.get("retry-after")).not.toBeNull();
  });
});

describe("an instance", () => {
  test("is listed, tombstones only when asked for", async () => {
    const [alive, dead] = await planInstances(fixture.registry, 2);
    if (!alive || !dead) throw new Error("no instances");
    await fence(fixture.registry, dead, "operator");
    await bury(fixture.registry, dead);
    const ids = async (query: string): Promise<string[]> =>
      (await call(url, `/api/instances${query}`)).body.instances.map(({ id }: { id: string }) => id);
    expect(await ids("")).toContain(alive);
    expect(await ids("")).not.toContain(dead);
    expect(await ids("?ended=true")).toEqual(expect.arrayContaining([alive, dead]));
  });

  test("shows its timeline, resources, receipt and workflows", async () => {
    const [id] = await readyInstances(fixture.registry, 1);
    if (!id) throw new Error("no instance");
    await intend(fixture.registry, id, "openrouter", "key");
    const { body } = await call(url, `/api/instances/${id}`);
    expect(body).toMatchObject({
      id,
      state: "idle",
      desired: "present",
      name: `cv-local-${id}`,
      endReason: null,
    });
    expect(body.timeline.map(({ kind }: { kind: string }) => kind)).toEqual(["starting", "idle"]);
    expect(body.resources).toEqual([
      expect.objectContaining({ provider: "openrouter", kind: "key", state: "intended", outcome: null }),
    ]);
    expect(body.temporalUrl).toBe(`http://127.0.0.1:8233/namespaces/default/workflows/instance%2F${id}`);
    expect(body.temporalExplodeUrl).toBeNull();
    expect(body).not.toHaveProperty("receipt");
    await fence(fixture.registry, id, "operator");
    await storeReceipt(fixture.registry, id, { body: "{}", signature: "sig", keyId: "k1" });
    const ended = (await call(url, `/api/instances/${id}`)).body;
    expect(ended.receipt).toEqual({ body: "{}", signature: "sig", keyId: "k1" });
    expect(ended.temporalExplodeUrl).toContain(`explode%2F${id}`);
  });

  test("explodes: the workflow runs when the answer is given, repeated or not", async () => {
    const [id] = await readyInstances(fixture.registry, 1);
    if (!id) throw new Error("no instance");
    const exploding = await call(url, `/api/instances/${id}/explode`, { body: { reason: "operator" } });
    expect([exploding.status, exploding.body]).toEqual([202, { instanceId: id, status: "exploding" }]);
    expect(await statusOf(explodeWorkflowId(id))).toBe("RUNNING");
    const again = await call(url, `/api/instances/${id}/explode`, { method: "POST" });
    expect(again.status).toBe(202);
    await fence(fixture.registry, id, "operator");
    await bury(fixture.registry, id);
    const gone = await call(url, `/api/instances/${id}/explode`, { method: "POST" });
    expect([gone.status, gone.body.code]).toEqual([410, "gone"]);
  });
});

describe("a report", () => {
  const report = (id: string, token: string, body: unknown) =>
    call(url, `/api/instances/${id}/events`, { body, token });

  test("of being idle is written down and wakes the lifecycle; a repetition is taken once", async () => {
    const { id, secret } = await reportingInstance(fixture.registry);
    await startIdle(`instance/${id}`);
    const event = { epoch: 1, sequence: 0, kind: "idle", inboxId: "inbox", conversationId: "group" };
    const first = await report(id, secret, event);
    expect([first.status, first.body]).toEqual([202, { taken: "taken" }]);
    const second = await report(id, secret, event);
    expect([second.status, second.body]).toEqual([202, { taken: "repeated" }]);
    expect(await signalsOf(`instance/${id}`)).toEqual(["wake", "wake"]);
    await fixture.registry.db.updateTable("instances").set({ epoch: 2 }).where("id", "=", id).execute();
    const later = { ...event, epoch: 2, inboxId: "another", conversationId: "other" };
    expect((await report(id, secret, later)).body).toEqual({ taken: "taken" });
    const { body } = await call(url, `/api/instances/${id}`);
    expect(body).toMatchObject({ readyEpoch: 2, inboxId: "inbox", conversationId: "group" });
  });

  test.each(FAULT_PARTS.flatMap((part) => FAULT_CODES.map((code) => ({ part, code }))))(
    "of a fault ($part: $code) is written down",
    async ({ part, code }) => {
      const { id, secret } = await reportingInstance(fixture.registry);
      expect((await report(id, secret, { epoch: 1, sequence: 1, kind: "fault", part, code })).status).toBe(
        202,
      );
      const { body } = await call(url, `/api/instances/${id}`);
      expect(body).toMatchObject({
        timeline: expect.arrayContaining([
          expect.objectContaining({ kind: "agent-fault", detail: `${part}: ${code}` }),
        ]),
      });
    },
  );

  test("without a workflow to wake is taken all the same", async () => {
    const { id, secret } = await reportingInstance(fixture.registry);
    const fault = { epoch: 1, sequence: 1, kind: "fault", part: "brain", code: "given-up" };
    expect((await report(id, secret, fault)).status).toBe(202);
  });

  test.each([
    ["member", "exploded-by-member"],
    ["removed", "removed"],
    ["operator", "operator"],
    ["expiry", "claim-expired"],
  ])("of exploding (%s) starts the Explode with reason %s", async (reason, endReason) => {
    const { id, secret } = await reportingInstance(fixture.registry);
    expect((await report(id, secret, { epoch: 1, sequence: 3, kind: "exploding", reason })).status).toBe(202);
    const { events } = await fixture.client.workflow.getHandle(explodeWorkflowId(id)).fetchHistory();
    const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    expect(JSON.parse(Buffer.from(input ?? []).toString())).toEqual({ instanceId: id, reason: endReason });
  });

  test("of the end that people have set is kept and wakes the lifecycle; what is not taken is a conflict", async () => {
    const { id: unclaimed, secret } = await reportingInstance(fixture.registry);
    const at = (aheadMs: number, sequence: number) => {
      const expiresAtMs = Date.now() + aheadMs;
      return { epoch: 1, sequence, kind: "expiry-set", expiresAtMs };
    };
    const dayMs = 24 * 60 * 60_000;
    expect((await report(unclaimed, secret, at(dayMs, 1))).status).toBe(409);
    expect((await call(url, `/api/instances/${unclaimed}`)).body).toMatchObject({ expiresAt: null });

    await moveInstance(fixture.registry, unclaimed, "idle");
    const { instanceId: id } = await intakeClaim(fixture.registry, {
      pool: POOL,
      idempotencyKey: "with an end",
      input: { instructions: "x" },
      onEmpty: "reject",
      inviteIdentity: undefined,
    });
    if (!id) throw new Error("no instance was bound");
    await storeSecret(fixture.registry, fixture.registry.db, id, "instance-secret", secret);
    await fixture.registry.db.updateTable("instances").set({ epoch: 1 }).where("id", "=", id).execute();
    await startIdle(`instance/${id}`);
    const event = at(dayMs, 1);
    const first = await report(id, secret, event);
    expect([first.status, first.body]).toEqual([202, { taken: "taken" }]);
    expect((await report(id, secret, event)).body).toEqual({ taken: "repeated" });
    expect(await signalsOf(`instance/${id}`)).toEqual(["wake", "wake"]);
    const { body } = await call(url, `/api/instances/${id}`);
    expect(body).toMatchObject({ expiresAt: new Date(event.expiresAtMs).toISOString() });
    for (const aheadMs of [11 * 366 * dayMs, -2 * dayMs])
      expect((await report(id, secret, at(aheadMs, 2))).status).toBe(409);
    for (const expiresAtMs of [1.5, "tomorrow", null, 9e15])
      expect((await report(id, secret, { ...event, expiresAtMs })).status).toBe(400);
  });

  test("about a join wakes the claim", async () => {
    const { id, secret } = await reportingInstance(fixture.registry);
    const claimId = "c".repeat(20);
    await startIdle(`claim/${claimId}`);
    await report(id, secret, { epoch: 1, sequence: 0, kind: "joined", claimId, conversationId: "group" });
    await report(id, secret, {
      epoch: 1,
      sequence: 1,
      kind: "join-refused",
      claimId,
      refusal: "conversation-full",
    });
    expect(await signalsOf(`claim/${claimId}`)).toEqual(["wake", "wake"]);
  });

  test("is refused from strangers, of an old epoch, malformed, and after the end", async () => {
    const { id, secret } = await reportingInstance(fixture.registry);
    const fault = { epoch: 1, sequence: 1, kind: "fault", part: "brain", code: "given-up" };
    const statuses = async (): Promise<[string, number][]> => [
      ["wrong secret", (await report(id, "0".repeat(64), fault)).status],
      ["caller's key", (await call(url, `/api/instances/${id}/events`, { body: fault })).status],
      ["no secret", (await report(id, "", fault)).status],
      ["unknown instance", (await report("a".repeat(12), secret, fault)).status],
      ["no id", (await report("x", secret, fault)).status],
      ["old epoch", (await report(id, secret, { ...fault, epoch: 2 })).status],
      ["unknown kind", (await report(id, secret, { ...fault, kind: "sneeze" })).status],
      ["unknown field", (await report(id, secret, { ...fault, words: "of a person" })).status],
      ["words as a part", (await report(id, secret, { ...fault, part: "of-a-person" })).status],
      ["words as a code", (await report(id, secret, { ...fault, code: "of-a-person" })).status],
    ];
    expect(await statuses()).toEqual([
      ["wrong secret", 401],
      ["caller's key", 401],
      ["no secret", 401],
      ["unknown instance", 404],
      ["no id", 404],
      ["old epoch", 409],
      ["unknown kind", 400],
      ["unknown field", 400],
      ["words as a part", 400],
      ["words as a code", 400],
    ]);
    await fence(fixture.registry, id, "operator");
    expect((await report(id, secret, fault)).status).toBe(202);
    await purge(fixture.registry, id);
    expect((await report(id, secret, fault)).status).toBe(410);
  });
});
