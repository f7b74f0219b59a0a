import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstanceId } from "../../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { handOver, moveInstance, readInstance } from "./instances.ts";
import { noteStartFailure, noteStartSuccess } from "./pool-failures.ts";
import { planPool } from "./pool-plan.ts";
import { ensurePool, setPool } from "./pools.ts";
import { readPool } from "./read-pool.ts";
import { rollOut } from "./rollout.ts";

let test: TestRegistry;

beforeAll(async () => {
  test = await startTestRegistry();
});
afterAll(() => test[Symbol.asyncDispose]());
beforeEach(async () => {
  const { db } = test.registry;
  for (const table of ["instance_events", "bindings", "claims", "instances", "pools"] as const)
    await db.deleteFrom(table).execute();
  await configure("g1");
});

const configure = (generation: string) =>
  ensurePool(
    test.registry,
    { name: test.pool, target: 3, surge: 2, generation, numberTiming: "off", walletTiming: "off" },
    true,
  );
const plan = () => planPool(test.registry, test.pool);
const view = () => readPool(test.registry, test.pool);
const start = async (id: InstanceId) => {
  await moveInstance(test.registry, id, "starting");
  await handOver(test.registry, id);
  await noteStartSuccess(test.registry, id);
};
const makeOlder = (id: InstanceId, hours: number) =>
  test.registry.db
    .updateTable("instances")
    .set({ created_at: new Date(Date.now() - hours * 3_600_000) })
    .where("id", "=", id)
    .execute();
const fill = () => Promise.all([test.idle(), test.idle(), test.idle()]);
const fail = async (): Promise<void> => {
  const { db } = test.registry;
  await db.updateTable("pools").set({ retry_after: null }).execute();
  const { start: ids } = await plan();
  const [id] = ids;
  if (!id) throw new Error("nothing was started");
  await db
    .updateTable("instances")
    .set({ state: "exploding", desired: "absent", end_reason: "never-ready" })
    .where("id", "=", id)
    .execute();
  await noteStartFailure(test.registry, id);
};

describe("the rate", () => {
  it("bounds the pool's own starts within a minute, not an operator's", async () => {
    await setPool(test.registry, test.pool, { startsPerMinute: 1, addExtra: 2 });
    expect((await plan()).start).toHaveLength(3);
    expect(await view()).toMatchObject({ startsWithinMinute: 1, rateFreeAt: expect.any(Date) });
    for (const id of (await plan()).start) await start(id);
    await setPool(test.registry, test.pool, { target: 5 });
    expect((await plan()).start).toEqual([]);
    await test.registry.db
      .updateTable("instances")
      .set({ created_at: new Date(Date.now() - 61_000) })
      .execute();
    expect((await plan()).start).toHaveLength(1);
  });
});

describe("an idle instance that is too old", () => {
  it("is replaced first and retired then, one at a time, the oldest first", async () => {
    const [first, second] = await fill();
    await makeOlder(first, 26);
    await makeOlder(second, 25);
    await test.registry.db
      .updateTable("instances")
      .set({ state_since: new Date(0) })
      .where("id", "=", first)
      .execute();
    const one = await plan();
    expect(one).toEqual({ start: [expect.any(String)], retire: [] });
    expect((await plan()).retire).toEqual([]);
    for (const id of one.start) await start(id);
    const two = await plan();
    expect(two).toEqual({ start: [expect.any(String)], retire: [{ id: first, successor: two.start[0] }] });
    expect(await readInstance(test.registry, first)).toMatchObject({
      state: "exploding",
      desired: "absent",
      endReason: "superseded",
    });
    expect(await plan()).toEqual({ start: two.start, retire: [] });
    for (const id of two.start) await start(id);
    expect(await plan()).toEqual({ start: [], retire: [{ id: second, successor: null }] });
    expect(await plan()).toEqual({ start: [], retire: [] });
    expect((await view()).counts.idle).toBe(3);
  });

  it("stays when nothing is too old for the pool, and when a claim has it", async () => {
    const [first, second] = await fill();
    await makeOlder(first, 1_000);
    await makeOlder(second, 1_000);
    await setPool(test.registry, test.pool, { maxAgeS: 0 });
    expect(await plan()).toEqual({ start: [], retire: [] });
    await setPool(test.registry, test.pool, { maxAgeS: 3_600 });
    for (const id of [first, second]) await moveInstance(test.registry, id, "claimed");
    const { start: ids } = await plan();
    for (const id of ids) await start(id);
    await test.idle();
    expect((await plan()).retire).toEqual([]);
    expect((await readInstance(test.registry, first)).state).toBe("claimed");
  });
});

describe("a rollout", () => {
  it("leaves idle agents alone with OnReplenish and is over with the first new one", async () => {
    await fill();
    await rollOut(test.registry.db, test.pool, "g2", "OnReplenish");
    expect(await plan()).toEqual({ start: [], retire: [] });
    expect((await view()).rolloutSince).toBeInstanceOf(Date);
    await setPool(test.registry, test.pool, { target: 4 });
    const { start: ids } = await plan();
    for (const id of ids) {
      expect((await readInstance(test.registry, id)).generation).toBe("g2");
      await start(id);
    }
    await plan();
    expect(await view()).toMatchObject({ generation: "g2", rolloutSince: undefined });
  });

  it("replaces idle agents one by one with Recreate, each once a new one is idle", async () => {
    await fill();
    await rollOut(test.registry.db, test.pool, "g2", "Recreate");
    for (const [stale, starts, retires] of [
      [3, 1, 0],
      [3, 1, 1],
      [2, 1, 1],
      [1, 0, 1],
    ]) {
      expect((await view()).stale).toBe(stale);
      const { start: ids, retire } = await plan();
      expect([ids.length, retire.length]).toEqual([starts, retires]);
      expect((await view()).counts.idle).toBe(3);
      for (const id of ids) await start(id);
    }
    expect(await plan()).toEqual({ start: [], retire: [] });
    expect(await view()).toMatchObject({ stale: 0, rolloutSince: undefined });
  });

  it("stops at the third new one in a row that fails, with nothing retired; going back undoes it", async () => {
    await fill();
    await rollOut(test.registry.db, test.pool, "g2", "Recreate");
    await fail();
    await fail();
    expect((await view()).pausedReason).toBeUndefined();
    await fail();
    expect((await view()).pausedReason).toBe(
      "the rollout of g2 stopped: 3 of its instances in a row did not become ready, the last one: never-ready",
    );
    expect(await plan()).toEqual({ start: [], retire: [] });
    expect((await view()).counts.idle).toBe(3);
    await rollOut(test.registry.db, test.pool, "g1", "Recreate");
    expect(await plan()).toEqual({ start: [], retire: [] });
    expect(await view()).toMatchObject({
      generation: "g1",
      pausedReason: undefined,
      rolloutSince: undefined,
      stale: 0,
    });
  });

  it("does not lift the pause of an operator", async () => {
    await setPool(test.registry, test.pool, { pausedReason: "maintenance" });
    await rollOut(test.registry.db, test.pool, "g2", "Recreate");
    expect((await view()).pausedReason).toBe("maintenance");
  });

  it("is begun by a new configured generation, and not undone by a restart with the old one", async () => {
    await rollOut(test.registry.db, test.pool, "g2", "Recreate");
    await configure("g1");
    expect(await view()).toMatchObject({ generation: "g2", rolloutStrategy: "Recreate" });
    await configure("g3");
    expect(await view()).toMatchObject({ generation: "g3", rolloutStrategy: "OnReplenish" });
  });

  it("of a pool that is not there is refused", async () => {
    await test.registry.db.deleteFrom("pools").execute();
    await expect(rollOut(test.registry.db, test.pool, "g2", "Recreate")).rejects.toMatchObject({
      code: "not-found",
    });
  });
});
