import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TASK_QUEUES } from "../../domain/task-queues.ts";
import { RECONCILE_SCHEDULE, WORKFLOW_TYPES } from "../../domain/workflow-types.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";

/**
 * The worker is killed at every boundary of every activity, one after the other on one and the same instance: what
 * one worker leaves half done the next one finishes, once.
 */
const boundaries = (...activities: string[]): string[] =>
  activities.flatMap((activity) => [`${activity}:before`, `${activity}:after`]);

let platform: TestPlatform;

beforeAll(async () => {
  platform = await TestPlatform.start({ target: 1, compute: "process" });
  await platform.run("gateway");
  await holdReconcile();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

/**
 * A Reconcile that falls between two of these kills would start the instance by itself, and it would be made before the
 * later kills could strike. Workers make a schedule only where there is none.
 */
const holdReconcile = () =>
  platform.temporal.schedule.create({
    scheduleId: RECONCILE_SCHEDULE,
    spec: { intervals: [{ every: "60s" }] },
    state: { paused: true },
    action: {
      type: "startWorkflow",
      workflowType: WORKFLOW_TYPES.reconcile,
      taskQueue: TASK_QUEUES.control,
      args: [],
    },
  });
const counts = async () => (await platform.request("GET", "/api/pool/counts")).body;
const keyNames = () => platform.openrouter.state().keys.map((key) => key.name);

/** Its start and its way to the point may both take their whole time. */
const CRASH_MS = 120_000;
const PROVISIONING = boundaries(
  "planPool",
  "startInstances",
  "observeInstance",
  "ensureResource",
  "launchInstance",
  "proveReady",
  "handOverInstance",
);
const DELIVERY = boundaries("deliverClaim");
const EXPLODING = boundaries(
  "fenceInstance",
  "revokeRights",
  "endAgent",
  "listLedger",
  "releaseResource",
  "sweepLate",
  "buryInstance",
);

describe("a worker that dies", () => {
  let instanceId: string;

  it.each(PROVISIONING)(
    "comes to %s while an instance is made",
    async (point) => {
      await platform.crashWorker("control", point);
    },
    CRASH_MS,
  );

  it("provisions one instance with one key and one process all the same", async () => {
    await platform.temporal.schedule.getHandle(RECONCILE_SCHEDULE).unpause();
    await platform.run("workers");
    await eventually("the instance is idle", async () => (await counts()).idle === 1, 60_000);
    expect(await counts()).toMatchObject({ idle: 1, provisioning: 0, exploding: 0 });
    const { body } = await platform.request("GET", "/api/instances");
    expect(body.instances).toHaveLength(1);
    expect(keyNames()).toHaveLength(1);
  }, 90_000);

  it("serves the claim once with the same agent", async () => {
    const asked = platform.request(
      "POST",
      "/api/pool/claim",
      { instructions: "You are our trip planner", waitMs: 60_000 },
      { "idempotency-key": "crash" },
    );
    for (const point of DELIVERY) await platform.crashWorker("claims", point);
    await platform.run("claims");
    const answer = await asked;
    expect(answer).toMatchObject({ status: 200, body: { status: "live" } });
    instanceId = String(answer.body.instanceId);
  }, 120_000);

  it("is not there when the instance is told to end", async () => {
    await platform.request("POST", "/api/pool/pause", { reason: "this test looks at one instance" });
    await platform.kill("workers");
    const exploding = await platform.request("POST", `/api/instances/${instanceId}/explode`, {});
    expect(exploding.status).toBe(202);
  }, 30_000);

  it.each(EXPLODING)(
    "comes to %s while the instance ends",
    async (point) => {
      await platform.crashWorker("control", point);
    },
    CRASH_MS,
  );

  it("explodes it to the end and leaves nothing of it", async () => {
    await platform.run("workers");
    const gone = await eventually(
      "the tombstone",
      async () => {
        const { body } = await platform.request("GET", `/api/instances/${instanceId}`);
        return body.state === "exploded" && body;
      },
      90_000,
    );
    expect(gone.receipt).toBeDefined();
    expect(keyNames().filter((name) => name.endsWith(instanceId))).toEqual([]);
  }, 120_000);
});
