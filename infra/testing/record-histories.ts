/**
 * Records the histories that `workflows/replay.test.ts` replays: drives a platform of stand-ins through the paths of
 * each workflow and stores what Temporal kept of them. Run by hand after a change that old histories cannot follow
 * and no running workflow needs to: `npx node infra/testing/record-histories.ts` (about 6 minutes).
 */
import { randomBytes } from "node:crypto";
import { optionalTsToMs } from "@temporalio/common/lib/time.js";
import { readSecret } from "../../activities/registry/secrets.ts";
import { createInvite } from "../../agent/convos/invite/create.ts";
import { parseInstanceId } from "../../domain/ids.ts";
import { TASK_QUEUES } from "../../domain/task-queues.ts";
import { WORKFLOW_TYPES } from "../../domain/workflow-types.ts";
import { abandonResource } from "../../workflows/messages.ts";
import { eventually } from "./eventually.ts";
import { type WorkflowType, writeHistory } from "./history-files.ts";
import { TestPlatform } from "./platform.ts";

const DEADLINE_MS = 90_000;
/** Longer than a started instance may take to report itself ready, and its end. */
const NEVER_READY_MS = 6 * 60_000;
/** Of a lifecycle, after the end that people have set. */
const GRACE_MS = 60_000;

await using platform = await TestPlatform.start({ target: 0, compute: "stand-in" });
await platform.run("gateway", "claims");

const silent = await startTwoThatNeverBecomeReady();
await recordPool();
await recordClaims();
const expiring = await claimOneThatExpires();
await recordLifecycles();
await recordExplodes();
await recordLooks();
await eventually("the one that its people have ended has exploded", () => isExploded(expiring), DEADLINE_MS);
await record("instanceLifecycle", "claimed-then-expired", `instance/${expiring}`);
await eventually("the deadline of the silent one passes", () => isExploded(silent), NEVER_READY_MS);
await record("instanceLifecycle", "never-ready", `instance/${silent}`);

/** All but the pool's workflow come to an end; some begin only when what they are about can be seen already. */
async function record(type: WorkflowType, path: string, workflowId: string): Promise<void> {
  const handle = platform.temporal.workflow.getHandle(workflowId);
  if (type !== "pool") {
    await eventually("it has ended", async () => {
      const query = `WorkflowId = "${workflowId}" AND ExecutionStatus = "Completed"`;
      return (await platform.temporal.workflow.count(query)).count > 0;
    });
  }
  writeHistory(type, path, await handle.fetchHistory());
  process.stderr.write(`${type}.${path}\n`);
}

async function ids(state: string): Promise<string[]> {
  const { body } = await platform.request("GET", "/api/instances");
  const instances: unknown[] = Array.isArray(body.instances) ? body.instances : [];
  const wanted = instances.map(Object).filter((instance) => instance.state === state);
  return wanted.map((instance) => String(instance.id));
}

async function isExploded(id: string): Promise<boolean> {
  return (await platform.instance(id)).state === "exploded";
}

async function isLive(claimId: string): Promise<boolean> {
  return (await ask("GET", `/api/claims/${claimId}`)).status === "live";
}

/** The control API of the host of the stand-ins. */
async function host(path: string, body: object = {}): Promise<void> {
  const url = `${platform.standInUrl}/agents/${path}`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the host answered ${answer.status}`);
}

async function misbehave(id: string, how: string): Promise<void> {
  await host(`${id}/misbehave`, { misbehave: how });
}

async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await platform.request(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}`);
  return answer.body;
}

async function replenished(count: number): Promise<string[]> {
  const before = await ids("idle");
  await ask("POST", "/api/pool/replenish", { count });
  return eventually(
    `${count} more are idle`,
    async () => {
      const added = (await ids("idle")).filter((id) => !before.includes(id));
      return added.length === count && added;
    },
    DEADLINE_MS,
  );
}

async function explode(id: string): Promise<void> {
  await ask("POST", `/api/instances/${id}/explode`, {});
}

async function claimOn(key: string, body: object = {}): Promise<{ claimId: string; instanceId: string }> {
  const answer = await platform.claim(key, body);
  return { claimId: String(answer.body.claimId), instanceId: String(answer.body.instanceId) };
}

async function startTwoThatNeverBecomeReady(): Promise<string> {
  const environment = Object(JSON.parse(platform.environment.AGENT_ENVIRONMENT ?? "{}"));
  const silent = JSON.stringify({ ...environment, MISBEHAVE: "never-ready" });
  await platform.runWith("workers", { AGENT_ENVIRONMENT: silent });
  await ask("POST", "/api/pool/replenish", { count: 2 });
  const [kept = "", crashed = ""] = await eventually("both are starting", async () => {
    const starting = await ids("starting");
    return starting.length === 2 && starting;
  });
  await host(`${crashed}/crash`);
  await eventually("the crashed one has exploded", () => isExploded(crashed), DEADLINE_MS);
  await record("instanceLifecycle", "died-while-starting", `instance/${crashed}`);
  await platform.kill("workers");
  await platform.run("workers");
  return kept;
}

/** Each history begins with a workflow of its own, so that it stays small. */
async function recordPool(): Promise<void> {
  const handle = platform.temporal.workflow.getHandle(`pool/${platform.pool}`);
  await handle.terminate("a new history begins");
  // The silent one counts as starting.
  await ask("PUT", "/api/pool/target", { target: 3 });
  await eventually("2 are idle", async () => (await ids("idle")).length === 2, DEADLINE_MS);
  const [oldest = ""] = await platform.registry.db
    .selectFrom("instances")
    .select("id")
    .where("state", "=", "idle")
    .orderBy("state_since")
    .execute()
    .then((rows) => rows.map((row) => row.id));
  await ask("PUT", "/api/pool/target", { target: 1 });
  await ask("POST", "/api/pool/drain", { count: 1 });
  await eventually("the drained one has exploded", () => isExploded(oldest), DEADLINE_MS);
  await record("pool", "filled-then-drained", `pool/${platform.pool}`);
  await record("instanceLifecycle", "idle-then-drained", `instance/${oldest}`);
  await record("explode", "drained", `explode/${oldest}`);

  await handle.terminate("a new history begins");
  await ask("POST", "/api/pool/pause", { reason: "histories are recorded" });
  await replenished(1);
  await ask("POST", "/api/pool/resume", {});
  await record("pool", "paused-then-resumed", `pool/${platform.pool}`);
  await ask("POST", "/api/pool/pause", { reason: "histories are recorded" });
}

async function recordClaims(): Promise<void> {
  const warm = await claimOn("warm");
  await record("claim", "warm", `claim/${warm.claimId}`);
  await ask("POST", "/api/pool/drain", { count: 20 });

  const waited = await claimOn("waited", { waitMs: 1_000 });
  const cancelled = await claimOn("cancelled", { waitMs: 1_000 });
  await ask("DELETE", `/api/claims/${cancelled.claimId}`);
  await ask("POST", "/api/pool/replenish", { count: 1 });
  await eventually("it is live", async () => isLive(waited.claimId), DEADLINE_MS);
  await record("claim", "waited", `claim/${waited.claimId}`);
  await record("claim", "cancelled-while-waiting", `claim/${cancelled.claimId}`);

  const [bad = ""] = await replenished(1);
  await misbehave(bad, "die-on-provision");
  await replenished(1);
  const replaced = await claimOn("replaced");
  await record("claim", "replaced", `claim/${replaced.claimId}`);

  for (const id of await replenished(3)) await misbehave(id, "refuse-provision");
  await claimOn("failed");
  const failed = await platform.registry.db
    .selectFrom("claims")
    .select("id")
    .where("failure_code", "=", "claim-failed")
    .executeTakeFirstOrThrow();
  await record("claim", "failed-after-three", `claim/${failed.id}`);

  await replenished(1);
  const pending = await claimOn("pending", { joinUrl: `${invite()}&then=pending-joined` });
  await eventually("it has joined", async () => isLive(pending.claimId), DEADLINE_MS);
  await record("claim", "pending-then-joined", `claim/${pending.claimId}`);

  const [slow = ""] = await replenished(1);
  await misbehave(slow, "hang-provision");
  const recovering = await claimOn("recovering", { joinUrl: invite(), waitMs: 15_000 });
  await misbehave(slow, "");
  await eventually("it is live", async () => isLive(recovering.claimId), DEADLINE_MS);
  await record("claim", "recovering", `claim/${recovering.claimId}`);
}

function invite(): string {
  const [inboxId, groupId] = [randomBytes(32).toString("hex"), randomBytes(16).toString("hex")];
  return createInvite({ privateKey: randomBytes(32), inboxId, groupId, tag: "abcdefghij", env: "local" }).url;
}

/** Its people set an end, then an earlier one; its agent lives, but does not end by itself. */
async function claimOneThatExpires(): Promise<string> {
  await replenished(1);
  const { instanceId } = await claimOn("expiring");
  const id = parseInstanceId(instanceId);
  const secret = id && (await readSecret(platform.registry, id, "instance-secret"));
  const path = `/api/instances/${instanceId}/events`;
  const handle = platform.temporal.workflow.getHandle(`instance/${instanceId}`);
  for (const [sequence, aheadMs] of [3_600_000, 10_000].entries()) {
    const event = { kind: "expiry-set", epoch: 1, sequence: 1_000 + sequence };
    const body = { ...event, expiresAtMs: Date.now() + aheadMs };
    const { status } = await platform.request("POST", path, body, { authorization: `Bearer ${secret}` });
    if (status !== 202) throw new Error(`the report was answered with ${status}`);
    await eventually("its timer runs", async () => {
      const { events } = await handle.fetchHistory();
      const timers = events?.map(({ timerStartedEventAttributes: timer }) => timer?.startToFireTimeout) ?? [];
      return timers.some((timeout) => {
        const ms = optionalTsToMs(timeout) ?? 0;
        return ms > aheadMs && ms <= aheadMs + GRACE_MS;
      });
    });
  }
  return instanceId;
}

async function recordLifecycles(): Promise<void> {
  await replenished(1);
  const { instanceId } = await claimOn("restarted");
  await host(`${instanceId}/crash`);
  await eventually(
    "it runs again",
    async () => {
      const { epoch, state } = await platform.instance(instanceId);
      return epoch === 2 && state === "claimed";
    },
    DEADLINE_MS,
  );
  await explode(instanceId);
  await eventually("it has exploded", () => isExploded(instanceId), DEADLINE_MS);
  await record("instanceLifecycle", "claimed-then-restarted", `instance/${instanceId}`);
  await record("explode", "claimed", `explode/${instanceId}`);

  const [idle = ""] = await replenished(1);
  await host(`${idle}/crash`);
  await eventually("the crashed idle one has exploded", () => isExploded(idle), DEADLINE_MS);
  await record("instanceLifecycle", "idle-then-lost", `instance/${idle}`);

  platform.openrouter.faults.add({
    match: { method: "POST", path: "/keys$" },
    fault: { kind: "status", status: 403 },
  });
  await ask("POST", "/api/pool/replenish", { count: 1 });
  const refused = await eventually(
    "the one without a key is given up",
    async () => {
      const rows = await platform.registry.db
        .selectFrom("resources")
        .innerJoin("instances", "instances.id", "resources.instance_id")
        .select("instances.id")
        .where("end_reason", "=", "never-ready")
        .where("instances.state", "=", "exploded")
        .where("external_id", "is", null)
        .execute();
      return rows[0]?.id;
    },
    DEADLINE_MS,
  );
  await record("instanceLifecycle", "refused-a-key", `instance/${refused}`);
}

async function recordExplodes(): Promise<void> {
  const { faults } = platform.openrouter;
  const deletions = { method: "DELETE", path: "/keys/" };
  const [first = "", second = ""] = await replenished(2);
  faults.add({ match: deletions, fault: { kind: "status", status: 500 }, times: 2 });
  await explode(first);
  await eventually("it has exploded in the end", () => isExploded(first), DEADLINE_MS);
  await record("explode", "provider-failed-at-first", `explode/${first}`);

  faults.add({ match: deletions, fault: { kind: "status", status: 403 }, times: 1_000 });
  await explode(second);
  const stuck = await eventually("the key does not go", () =>
    platform.registry.db
      .selectFrom("resources")
      .select("id")
      .where("provider", "=", "openrouter")
      .where("last_error", "is not", null)
      .executeTakeFirst(),
  );
  await platform.temporal.workflow
    .getHandle(`explode/${second}`)
    .executeUpdate(abandonResource, { args: [stuck.id, "the provider keeps refusing"] });
  await eventually("it has exploded without the key's end", () => isExploded(second), DEADLINE_MS);
  faults.clear();
  await record("explode", "abandoned-resource", `explode/${second}`);
}

async function recordLooks(): Promise<void> {
  const [id = ""] = await replenished(1);
  await platform.temporal.workflow.getHandle(`instance/${id}`).terminate("by hand");
  await eventually("it is started again", async () => {
    const { lifecycles } = await ask("POST", "/api/pool/reconcile");
    return Array.isArray(lifecycles) && lifecycles.includes(id);
  });
  await record("reconcile", "restarted-a-lifecycle", "reconcile/manual");
  await ask("POST", "/api/pool/audit");
  await record("audit", "looked", "audit/manual");
  for (const type of [WORKFLOW_TYPES.leaks, WORKFLOW_TYPES.probes, WORKFLOW_TYPES.spend]) {
    const workflowId = `${type}/recorded`;
    await platform.temporal.workflow.execute(type, { workflowId, taskQueue: TASK_QUEUES.control });
    await record(type, "looked", workflowId);
  }
}
