import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PlatformError } from "../../domain/errors.ts";
import type { ClaimId, InstanceId } from "../../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { bindWaiting, commitDelivery, readClaim, replaceInstance } from "./claims.ts";
import { handOver, moveInstance } from "./instances.ts";
import { type Intake, intakeClaim } from "./intake.ts";
import { intend } from "./ledger.ts";
import { noteStartFailure, noteStartSuccess } from "./pool-failures.ts";
import { planPool } from "./pool-plan.ts";
import { setPool } from "./pools.ts";
import { readPool } from "./read-pool.ts";

let test: TestRegistry;
let keys = 0;

beforeAll(async () => {
  test = await startTestRegistry();
});
afterAll(() => test[Symbol.asyncDispose]());
beforeEach(async () => {
  const { db } = test.registry;
  for (const table of ["instance_events", "bindings", "claims", "resources", "instances"] as const)
    await db.deleteFrom(table).execute();
  await db.deleteFrom("pool_breakers").execute();
  await setPool(test.registry, test.pool, { target: 3, pausedReason: null });
});

const breakers = async () =>
  (await readPool(test.registry, test.pool)).breakers.map(({ kind, code }) => `${kind} ${code}`);
const claim = (idempotencyKey = `key-${++keys}`, onEmpty: "wait" | "reject" = "wait"): Promise<Intake> =>
  intakeClaim(test.registry, {
    pool: test.pool,
    idempotencyKey,
    input: { instructions: "You are our trip planner" },
    onEmpty,
    inviteIdentity: undefined,
  });
const bound = async (): Promise<{ claimId: ClaimId; instanceId: InstanceId }> => {
  await test.idle();
  const { claimId, instanceId } = await claim();
  if (!instanceId) throw new Error("the claim has no instance");
  return { claimId, instanceId };
};
const serve = ({ claimId, instanceId }: { claimId: ClaimId; instanceId: InstanceId }) =>
  commitDelivery(test.registry, claimId, instanceId, "live", {
    agentName: "Ada",
    conversationId: instanceId,
    inviteUrl: "https://x/i",
    joined: false,
  });
const failAlike = async (
  count: number,
  code: "agent-unreachable" | "agent-unproven" = "agent-unreachable",
) => {
  const claims = [];
  for (let n = 0; n < count; n++) claims.push(await bound());
  for (const { claimId, instanceId } of claims)
    await replaceInstance(test.registry, claimId, instanceId, code);
  return claims;
};
const unhealthy = expect.objectContaining({ code: "pool-unhealthy", retryAfterMs: 60_000 });
const backdate = () =>
  test.registry.db
    .updateTable("pool_breakers")
    .set({ opened_at: new Date(Date.now() - 61_000) })
    .execute();

describe("claims that fail alike", () => {
  it("open the breaker at the third, which refuses new ones and keeps what is idle", async () => {
    const [first] = await failAlike(2);
    expect(await breakers()).toEqual([]);
    const key = "the-third";
    await test.idle();
    const { claimId, instanceId } = await claim(key);
    if (!instanceId || !first) throw new Error("the claim has no instance");
    await test.idle();
    // The one that opens it takes no other instance, and neither do those that wait.
    expect(await replaceInstance(test.registry, claimId, instanceId, "agent-unreachable")).toBeUndefined();
    expect(await breakers()).toEqual(["claims agent-unreachable"]);
    expect(await bindWaiting(test.registry, first.claimId)).toBeUndefined();
    for (const onEmpty of ["wait", "reject"] as const)
      await expect(claim(undefined, onEmpty)).rejects.toEqual(unhealthy);
    expect(await claim(key)).toMatchObject({ claimId, created: false });
    expect((await readPool(test.registry, test.pool)).counts.idle).toBe(1);
  });

  it("are not alike with other codes, when one claim meets it again, or when one was served between", async () => {
    await failAlike(2);
    await failAlike(1, "agent-unproven");
    const again = await bound();
    for (let attempt = 0; attempt < 3; attempt++) {
      const [binding] = await test.registry.db
        .selectFrom("bindings")
        .select("instance_id")
        .where("claim_id", "=", again.claimId)
        .where("state", "=", "active")
        .execute();
      if (!binding) break;
      await test.idle();
      await replaceInstance(test.registry, again.claimId, binding.instance_id, "agent-unproven");
    }
    expect(await breakers()).toEqual([]);
    await serve(await bound());
    await failAlike(2);
    expect(await breakers()).toEqual([]);
    await failAlike(1);
    expect(await breakers()).toEqual(["claims agent-unreachable"]);
  });

  it("are tried by one new claim a minute, even beside a pool that cannot start a probe", async () => {
    await failAlike(3);
    await test.registry.db.deleteFrom("instances").where("state", "=", "idle").execute();
    await test.idle();
    await test.idle();
    await backdate();
    const tried = await Promise.allSettled([claim(), claim(), claim()]);
    const through = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(through).toHaveLength(1);
    for (const one of tried) if (one.status === "rejected") expect(one.reason).toEqual(unhealthy);
    const [trial] = through;
    if (!trial?.instanceId) throw new Error("the trial has no instance");
    await serve({ claimId: trial.claimId, instanceId: trial.instanceId });
    await planPool(test.registry, test.pool);
    expect(await breakers()).toEqual([]);
    expect((await claim()).instanceId).toBeDefined();
  });

  it("are over when a probe is idle, started beside a full pool", async () => {
    const [waiting] = await failAlike(3);
    if (!waiting) throw new Error("no claim waits");
    await test.registry.db.deleteFrom("bindings").execute();
    await test.registry.db.deleteFrom("claims").execute();
    for (let n = 0; n < 3; n++) await test.idle();
    // Those were idle before it opened.
    await test.registry.db
      .updateTable("instances")
      .set({ created_at: new Date(0) })
      .execute();
    await setPool(test.registry, test.pool, { maxAgeS: 0 });
    const { start } = await planPool(test.registry, test.pool);
    expect(start).toHaveLength(1);
    expect((await planPool(test.registry, test.pool)).start).toEqual(start);
    expect(await breakers()).toHaveLength(1);
    for (const id of start) {
      await moveInstance(test.registry, id, "starting");
      await handOver(test.registry, id);
    }
    await planPool(test.registry, test.pool);
    expect(await breakers()).toEqual([]);
  });

  it("lets a probe serve a claim that waits, and stays open until that is served", async () => {
    const [waiting] = await failAlike(3);
    if (!waiting) throw new Error("no claim waits");
    const { start } = await planPool(test.registry, test.pool);
    const [probe] = start;
    if (!probe) throw new Error("no probe was started");
    expect(start).toHaveLength(1);
    await moveInstance(test.registry, probe, "starting");
    expect(await handOver(test.registry, probe)).toEqual({ state: "claimed", claimId: waiting.claimId });
    await planPool(test.registry, test.pool);
    expect(await breakers()).toHaveLength(1);
    await serve({ claimId: waiting.claimId, instanceId: probe });
    await planPool(test.registry, test.pool);
    expect(await breakers()).toEqual([]);
    expect(await readClaim(test.registry, waiting.claimId)).toMatchObject({ state: "live" });
  });
});

describe("starts that fail alike", () => {
  const failStart = async (why?: "exhausted"): Promise<void> => {
    const { db } = test.registry;
    await db.updateTable("pools").set({ retry_after: null }).execute();
    const [id] = (await planPool(test.registry, test.pool)).start;
    if (!id) throw new Error("nothing was started");
    if (why) {
      const { id: entry } = await intend(test.registry, id, "openrouter", "model-key");
      await db.updateTable("resources").set({ last_error: why }).where("id", "=", entry).execute();
    }
    await db
      .updateTable("instances")
      .set({ state: "exploding", desired: "absent", end_reason: "never-ready" })
      .where("id", "=", id)
      .execute();
    await noteStartFailure(test.registry, id);
    await noteStartFailure(test.registry, id);
  };

  it("are counted once each and open the breaker at the third, by what could not be made", async () => {
    await failStart("exhausted");
    await failStart();
    await failStart("exhausted");
    expect(await breakers()).toEqual([]);
    expect((await readPool(test.registry, test.pool)).failuresInARow).toBe(3);
    await failStart("exhausted");
    expect(await breakers()).toEqual(["starts openrouter/exhausted"]);
    await expect(claim(undefined, "reject")).rejects.toBeInstanceOf(PlatformError);
    await expect(claim(undefined, "reject")).rejects.toMatchObject({ code: "pool-empty" });
  });

  it("are tried one at a time, until one becomes ready", async () => {
    for (let n = 0; n < 3; n++) await failStart();
    await test.registry.db.deleteFrom("instances").where("state", "=", "provisioning").execute();
    await test.registry.db.updateTable("pools").set({ retry_after: null }).execute();
    const [probe, ...others] = (await planPool(test.registry, test.pool)).start;
    if (!probe) throw new Error("no probe was started");
    expect(others).toEqual([]);
    await moveInstance(test.registry, probe, "starting");
    await handOver(test.registry, probe);
    await noteStartSuccess(test.registry, probe);
    expect(await breakers()).toEqual([]);
    expect((await planPool(test.registry, test.pool)).start).toHaveLength(2);
  });
});
