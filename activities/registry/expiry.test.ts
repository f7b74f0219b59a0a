import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstanceId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { fence } from "./end.ts";
import { readInstance, readTimeline } from "./instances.ts";
import { intakeClaim } from "./intake.ts";
import { takeReport } from "./reports.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let test: TestRegistry;
let reports = 0;

beforeAll(async () => {
  test = await startTestRegistry();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const table of ["instance_events", "bindings", "claims", "instances"] as const) {
    await test.registry.db.deleteFrom(table).execute();
  }
});

async function started(): Promise<InstanceId> {
  const id = await test.idle();
  await test.registry.db.updateTable("instances").set({ epoch: 1 }).where("id", "=", id).execute();
  return id;
}

async function claimed(id?: InstanceId): Promise<InstanceId> {
  const instanceId = id ?? (await started());
  await intakeClaim(test.registry, {
    pool: test.pool,
    idempotencyKey: instanceId,
    input: { instructions: "You are our trip planner" },
    onEmpty: "reject",
    inviteIdentity: undefined,
  });
  return instanceId;
}

/** As the agent's present process would. */
const report = (id: InstanceId, expiresAtMs: number, sequence = ++reports) =>
  takeReport(test.registry, id, { kind: "expiry-set", epoch: 1, sequence, expiresAtMs });
const expiryOf = async (id: InstanceId) => (await readInstance(test.registry, id)).expiresAt?.getTime();
const REFUSED = { code: "conflict" };

describe("the end that people have set", () => {
  it("is kept with its instance, and shown in its timeline", async () => {
    const id = await claimed();
    const atMs = Date.now() + DAY_MS;
    expect(await report(id, atMs)).toBe("taken");
    expect(await expiryOf(id)).toBe(atMs);
    expect(await readTimeline(test.registry, id)).toContainEqual(
      expect.objectContaining({ kind: "agent-expiry-set", detail: new Date(atMs).toISOString() }),
    );
  });

  it("is the earliest of those reported, in whatever order they come", async () => {
    const id = await claimed();
    const soonMs = Date.now() + HOUR_MS;
    for (const atMs of [soonMs + DAY_MS, soonMs, soonMs + HOUR_MS]) await report(id, atMs);
    expect(await expiryOf(id)).toBe(soonMs);
  });

  it("is taken once, also when it has passed by the time it is repeated", async () => {
    const id = await claimed();
    const atMs = Date.now() + HOUR_MS;
    expect(await report(id, atMs, 7_000)).toBe("taken");
    expect(await report(id, 0, 7_000)).toBe("repeated");
    expect(await expiryOf(id)).toBe(atMs);
  });

  it("counts from now on when it has passed while its report waited", async () => {
    const id = await claimed();
    const sinceMs = Date.now();
    await report(id, sinceMs - HOUR_MS);
    const atMs = (await expiryOf(id)) ?? 0;
    expect(atMs).toBeGreaterThan(sinceMs - MINUTE_MS);
    expect(atMs).toBeLessThan(sinceMs + MINUTE_MS);
  });

  it("is refused when it is too far away or long past, and leaves no trace", async () => {
    const id = await claimed();
    const furthestMs = LIMITS.expiryMaxAheadDays * DAY_MS;
    const latestMs = LIMITS.expiryMaxLateHours * HOUR_MS;
    for (const awayMs of [furthestMs + MINUTE_MS, -latestMs - MINUTE_MS])
      await expect(report(id, Date.now() + awayMs)).rejects.toMatchObject(REFUSED);
    for (const atMs of [0, 8.64e15]) await expect(report(id, atMs)).rejects.toMatchObject(REFUSED);
    expect(await expiryOf(id)).toBeUndefined();
    expect(await readTimeline(test.registry, id)).not.toContainEqual(
      expect.objectContaining({ kind: "agent-expiry-set" }),
    );
    expect(await report(id, Date.now() + furthestMs - MINUTE_MS)).toBe("taken");
  });

  it("is refused for an instance that no claim has, or has no more", async () => {
    const id = await started();
    await expect(report(id, Date.now() + HOUR_MS)).rejects.toMatchObject(REFUSED);
    await claimed(id);
    expect(await report(id, Date.now() + HOUR_MS)).toBe("taken");
    await fence(test.registry, id, "operator");
    await expect(report(id, Date.now() + HOUR_MS)).rejects.toMatchObject(REFUSED);
  });

  it("of an epoch that is over is stale", async () => {
    const id = await claimed();
    await sql`UPDATE instances SET epoch = 2 WHERE id = ${id}`.execute(test.registry.db);
    expect(await report(id, Date.now() + HOUR_MS)).toBe("stale");
    expect(await expiryOf(id)).toBeUndefined();
  });
});
