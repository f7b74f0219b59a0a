import { randomBytes } from "node:crypto";
import { optionalTsToMs } from "@temporalio/common/lib/time.js";
import type proto from "@temporalio/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSecret } from "../activities/registry/secrets.ts";
import { createInvite } from "../agent/convos/invite/create.ts";
import {
  claimWorkflowId,
  explodeWorkflowId,
  type InstanceId,
  instanceWorkflowId,
  parseClaimId,
  parseInstanceId,
} from "../domain/ids.ts";
import { TASK_QUEUES } from "../domain/task-queues.ts";
import { WORKFLOW_TYPES } from "../domain/workflow-types.ts";
import { eventually } from "../infra/testing/eventually.ts";
import { TestPlatform } from "../infra/testing/platform.ts";
import { wake } from "./messages.ts";

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** What really passes meanwhile counts as well. */
const REAL_MS = MINUTE_MS;
const DEADLINE_MS = 45_000;
/** After 1, 2, 4 … 256 s a retry follows every 5 minutes. */
const ATTEMPTS_OF_A_DAY = 297;

let platform: TestPlatform;
beforeAll(async () => {
  platform = await TestPlatform.start({ target: 0, compute: "stand-in", skipsTime: true });
  await platform.run("gateway", "claims", "workers");
});
afterAll(() => platform[Symbol.asyncDispose]());

/** Timers of so much in all pass at once from now on; the one that runs already is cut short by a wake. */
async function skip(workflowId: string, ms: number): Promise<void> {
  platform.time.allow(workflowId, ms);
  await platform.temporal.workflow.getHandle(workflowId).signal(wake);
}

async function events(workflowId: string): Promise<HistoryEvent[]> {
  return (await platform.temporal.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

const atMs = (event: HistoryEvent | undefined): number => optionalTsToMs(event?.eventTime) ?? Number.NaN;

/** When activities of the type were called, in ms since 1970 of the workflow's time. */
async function calls(workflowId: string, activity: string): Promise<number[]> {
  const all = await events(workflowId);
  return all
    .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity)
    .map(atMs);
}

const gaps = (times: readonly number[]): number[] =>
  times.slice(1).map((at, index) => at - (times[index] ?? 0));

function expectAbout(ms: number, wantedMs: number): void {
  expect(ms).toBeGreaterThanOrEqual(wantedMs);
  expect(ms).toBeLessThan(wantedMs + REAL_MS);
}

async function misbehave(instanceId: string, how: string): Promise<void> {
  const url = `${platform.standInUrl}/agents/${instanceId}/misbehave`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify({ misbehave: how }) });
  expect(answer.status).toBe(200);
}

/** As the agent would. */
async function report(instanceId: InstanceId, event: object): Promise<void> {
  const secret = await readSecret(platform.registry, instanceId, "instance-secret");
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await platform.request(
    "POST",
    `/api/instances/${instanceId}/events`,
    { epoch: 1, ...event },
    headers,
  );
  expect(answer.status).toBe(202);
}

/** The host has a later epoch than any that the platform comes to, and that one is gone: no start succeeds. */
async function crashForGood(instanceId: InstanceId): Promise<void> {
  const url = `${platform.standInUrl}/agents/${instanceId}`;
  const { name } = await platform.instance(instanceId);
  const spec = {
    instanceId,
    name,
    epoch: 1_000_000,
    generation: "g",
    environment: { GATEWAY_URL: platform.apiUrl },
  };
  const secrets = { instanceSecret: "0".repeat(64), stateKey: "0".repeat(64), modelKey: "k" };
  const launched = await fetch(url, { method: "PUT", body: JSON.stringify({ spec, secrets }) });
  expect(launched.status).toBe(200);
  expect((await fetch(`${url}/crash`, { method: "POST" })).status).toBe(200);
}

async function lastedMs(workflowId: string): Promise<number> {
  await platform.temporal.workflow.getHandle(workflowId).result();
  const all = await events(workflowId);
  return atMs(all.at(-1)) - atMs(all[0]);
}

async function idleInstance() {
  await platform.request("POST", "/api/pool/replenish", { count: 1 });
  return eventually(
    "an instance is idle",
    async () => {
      const { body } = await platform.request("GET", "/api/instances");
      const all: unknown[] = Array.isArray(body.instances) ? body.instances : [];
      const idle = all.map(Object).find(({ state }) => state === "idle");
      return idle && parseInstanceId(String(idle.id));
    },
    DEADLINE_MS,
  );
}

async function claimed(key: string, body: object = {}) {
  const answer = await platform.claim(key, body);
  const claimId = parseClaimId(String(answer.body.claimId));
  if (!claimId) throw new Error(`no claim: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { claimId, ...answer };
}

async function stateOf(claimId: string): Promise<Record<string, unknown>> {
  return (await platform.request("GET", `/api/claims/${claimId}`)).body;
}

/** A stand-in that gets this stays outside for ever. */
function inviteOfNobody(): string {
  const [inboxId, groupId] = [randomBytes(32).toString("hex"), randomBytes(16).toString("hex")];
  const invite = { privateKey: randomBytes(32), inboxId, groupId, tag: "abcdefghij" };
  return `${createInvite({ ...invite, env: "local" }).url}&then=pending`;
}

/** What the schedule does each ten minutes. */
function sweep(): Promise<unknown> {
  return platform.temporal.workflow.execute(WORKFLOW_TYPES.probes, {
    workflowId: `probes/${randomBytes(4).toString("hex")}`,
    taskQueue: TASK_QUEUES.control,
  });
}

describe("a claim", () => {
  it("that nobody admits is given up after three days, and its agent ends", { timeout: 60_000 }, async () => {
    const instanceId = await idleInstance();
    const { claimId } = await claimed("pending", { joinUrl: inviteOfNobody(), waitMs: 2_000 });
    expect(await stateOf(claimId)).toMatchObject({ status: "pending" });
    platform.time.allow(explodeWorkflowId(instanceId), MINUTE_MS);
    await skip(claimWorkflowId(claimId), 4 * DAY_MS);
    const ms = await lastedMs(claimWorkflowId(claimId));
    expect(ms).toBeGreaterThan(3 * DAY_MS);
    expect(ms).toBeLessThan(3 * DAY_MS + REAL_MS);
    expect(await stateOf(claimId)).toMatchObject({ status: "failed", failure: "join-refused" });
    await eventually("its agent has exploded", async () => {
      return (await platform.instance(instanceId)).state === "exploded";
    });
  });

  it("that finds no agent in an empty, paused pool expires after 15 minutes", async () => {
    await platform.request("POST", "/api/pool/pause", { reason: "nothing is started" });
    const { claimId, status } = await claimed("waiting", { waitMs: 1_000 });
    expect(status).toBe(202);
    await skip(claimWorkflowId(claimId), DAY_MS);
    const ms = await lastedMs(claimWorkflowId(claimId));
    expect(ms).toBeGreaterThan(15 * MINUTE_MS);
    expect(ms).toBeLessThan(15 * MINUTE_MS + REAL_MS);
    expect(await stateOf(claimId)).toMatchObject({ status: "failed", failure: "claim-expired" });
    await platform.request("POST", "/api/pool/resume", {});
  });
});

describe("an instance", () => {
  it("is looked at every 30 minutes while it is idle, and ends when a sweep finds that it lies", async () => {
    const instanceId = await idleInstance();
    const workflowId = instanceWorkflowId(instanceId);
    const before = (await calls(workflowId, "observeInstance")).length;
    await skip(workflowId, 95 * MINUTE_MS);
    const looks = await eventually("the wake's look and three more", async () => {
      const more = (await calls(workflowId, "observeInstance")).slice(before);
      return more.length >= 4 && more;
    });
    for (const ms of gaps(looks.slice(-3))) expectAbout(ms, 30 * MINUTE_MS);
    expect(await sweep()).toEqual({ asked: 1, suspects: [] });
    expect(await calls(workflowId, "probeIdle")).toEqual([]);

    await misbehave(instanceId, "lie-proof");
    platform.time.allow(workflowId, 15 * MINUTE_MS);
    platform.time.allow(explodeWorkflowId(instanceId), MINUTE_MS);
    expect(await sweep()).toEqual({ asked: 1, suspects: [instanceId] });
    await eventually("it has exploded", async () => {
      const { state, endReason } = await platform.instance(instanceId);
      return state === "exploded" && endReason === "idle-lost";
    });
    expect(await calls(workflowId, "probeIdle")).toHaveLength(1);
  });

  it("is looked at every 30 minutes while it is claimed, and never probed", async () => {
    const instanceId = await idleInstance();
    const { body } = await claimed("for hours");
    expect(body).toMatchObject({ status: "live", instanceId });
    const workflowId = instanceWorkflowId(instanceId);
    const before = (await calls(workflowId, "observeInstance")).length;
    await skip(workflowId, 24 * 30 * MINUTE_MS);
    const looks = await eventually("24 more looks", async () => {
      const more = (await calls(workflowId, "observeInstance")).slice(before);
      return more.length >= 24 && more;
    });
    for (const ms of gaps(looks.slice(-23))) expectAbout(ms, 30 * MINUTE_MS);
    expect(await calls(workflowId, "probeIdle")).toEqual([]);
    expect((await platform.instance(instanceId)).state).toBe("claimed");
  });
});

describe("the end that people have set", () => {
  it("comes at the earliest time told, also to an agent whose machine is gone", {
    timeout: 60_000,
  }, async () => {
    const instanceId = await idleInstance();
    const { body } = await claimed("with an end");
    expect(body).toMatchObject({ status: "live", instanceId });
    const workflowId = instanceWorkflowId(instanceId);
    const firstMs = Date.now() + 2 * DAY_MS;
    const told = [firstMs + 3650 * DAY_MS - 2 * DAY_MS, firstMs, firstMs + DAY_MS];
    for (const [sequence, expiresAtMs] of told.entries())
      await report(instanceId, { kind: "expiry-set", expiresAtMs, sequence: 1_000 + sequence });
    expect(await platform.instance(instanceId)).toMatchObject({ expiresAt: new Date(firstMs).toISOString() });

    const before = (await calls(workflowId, "observeInstance")).length;
    await skip(workflowId, 20 * 30 * MINUTE_MS);
    await eventually("20 more looks", async () => {
      return (await calls(workflowId, "observeInstance")).length >= before + 20;
    });
    await crashForGood(instanceId);
    await eventually("it is to be started again", async () => {
      return (await platform.instance(instanceId)).state === "recovering";
    });
    expect(await calls(workflowId, "explodeInstance")).toEqual([]);

    await platform.temporal.workflow.getHandle(workflowId).terminate("by hand");
    platform.time.allow(workflowId, 4 * DAY_MS);
    platform.time.allow(explodeWorkflowId(instanceId), MINUTE_MS);
    await eventually("its lifecycle is started again", async () => {
      const { lifecycles } = (await platform.request("POST", "/api/pool/reconcile")).body;
      return Array.isArray(lifecycles) && lifecycles.includes(instanceId);
    });
    await eventually(
      "it has exploded",
      async () => (await platform.instance(instanceId)).state === "exploded",
      DEADLINE_MS,
    );
    const [at = Number.NaN, ...more] = await calls(workflowId, "explodeInstance");
    expect(more).toEqual([]);
    expectAbout(at - firstMs, MINUTE_MS);
    const { endReason, receipt } = await platform.instance(instanceId);
    expect(endReason).toBe("exploded-by-member");
    expect(Object(receipt).body).toContain('"exploded-by-member"');
  });
});

describe("the end of an instance", () => {
  it("outlasts a provider that is dead for a day", { timeout: 60_000 }, async () => {
    const instanceId = await idleInstance();
    const workflowId = explodeWorkflowId(instanceId);
    const { faults } = platform.openrouter;
    const keys = () => platform.openrouter.state().keys.filter(({ name }) => name.includes(instanceId));
    expect(keys()).toHaveLength(1);
    const deletion = { method: "DELETE", path: "/keys/" };
    faults.add({ match: deletion, fault: { kind: "status", status: 500 }, times: 10_000 });
    platform.time.allow(workflowId, DAY_MS);
    await platform.request("POST", `/api/instances/${instanceId}/explode`, {});
    const handle = platform.temporal.workflow.getHandle(workflowId);
    await eventually(
      "a day's attempts",
      async () => {
        const { raw } = await handle.describe();
        return raw.pendingActivities?.some(({ attempt }) => (attempt ?? 0) >= ATTEMPTS_OF_A_DAY);
      },
      DEADLINE_MS,
    );
    expect((await platform.instance(instanceId)).state).toBe("exploding");
    faults.clear();

    expect(await lastedMs(workflowId)).toBeGreaterThan(DAY_MS);
    expect((await platform.instance(instanceId)).state).toBe("exploded");
    expect(keys()).toEqual([]);
  });
});
