import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { commitDelivery, endClaim, loadDelivery, readClaim, replaceInstance } from "./claims.ts";
import { fence, purge } from "./end.ts";
import { handOver } from "./instances.ts";
import { type Intake, type IntakeRequest, intakeClaim } from "./intake.ts";

let test: TestRegistry;

beforeAll(async () => {
  test = await startTestRegistry();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const table of [
    "instance_events",
    "bindings",
    "claims",
    "resources",
    "secrets",
    "instances",
  ] as const) {
    await test.registry.db.deleteFrom(table).execute();
  }
});

const claim = (key: string, more: Partial<IntakeRequest> = {}): Promise<Intake> =>
  intakeClaim(test.registry, {
    pool: test.pool,
    idempotencyKey: key,
    input: { instructions: "You are our trip planner" },
    onEmpty: "wait",
    inviteIdentity: undefined,
    ...more,
  });

describe("intake", () => {
  it("binds 20 concurrent claims to 6 idle instances, all distinct, and lets 14 wait", async () => {
    for (let i = 0; i < 6; i++) await test.idle();
    const intakes = await Promise.all(Array.from({ length: 20 }, (_, i) => claim(`key-${i}`)));
    const bound = intakes.map((intake) => intake.instanceId).filter((id) => id !== undefined);
    expect(bound).toHaveLength(6);
    expect(new Set(bound).size).toBe(6);
    expect(new Set(intakes.map((intake) => intake.claimId)).size).toBe(20);
  });

  it("makes one claim of ten concurrent requests with one key", async () => {
    await test.idle();
    await test.idle();
    const intakes = await Promise.all(Array.from({ length: 10 }, () => claim("same")));
    expect(new Set(intakes.map((intake) => intake.claimId)).size).toBe(1);
    expect(intakes.filter((intake) => intake.created)).toHaveLength(1);
    const idle = await test.registry.db
      .selectFrom("instances")
      .where("state", "=", "idle")
      .selectAll()
      .execute();
    expect(idle).toHaveLength(1);
  });

  it("makes one claim of three concurrent requests with one invite", async () => {
    for (let i = 0; i < 3; i++) await test.idle();
    const intakes = await Promise.all(["a", "b", "c"].map((key) => claim(key, { inviteIdentity: "invite" })));
    expect(new Set(intakes.map((intake) => intake.instanceId)).size).toBe(1);
  });

  it("refuses a key with another body and holds nothing for it", async () => {
    await test.idle();
    await claim("key");
    await expect(claim("key", { input: { instructions: "another" } })).rejects.toMatchObject({
      code: "idempotency-key-reused",
    });
  });

  it("rejects at once when asked to and the pool is empty, and holds nothing", async () => {
    await expect(claim("key", { onEmpty: "reject" })).rejects.toMatchObject({ code: "pool-empty" });
    expect(await test.registry.db.selectFrom("claims").selectAll().execute()).toEqual([]);
  });

  it("gives an instance that becomes ready to the oldest waiting claim", async () => {
    const first = await claim("first");
    await claim("second");
    const id = await test.idle();
    await test.registry.db.deleteFrom("instances").where("id", "=", id).execute();
    await test.registry.db
      .insertInto("instances")
      .values({ id, pool: test.pool, name: `cv-test-${id}` as never, generation: "g1", state: "starting" })
      .execute();
    expect(await handOver(test.registry, id)).toEqual({ state: "claimed", claimId: first.claimId });
    expect(await handOver(test.registry, id)).toEqual({ state: "claimed", claimId: first.claimId });
  });

  it("seals what the caller said and forgets it once the claim is live", async () => {
    const instance = await test.idle();
    const { claimId } = await claim("key");
    expect((await loadDelivery(test.registry, claimId))?.input?.instructions).toBe(
      "You are our trip planner",
    );
    const row = await test.registry.db
      .selectFrom("claims")
      .selectAll()
      .where("id", "=", claimId)
      .executeTakeFirstOrThrow();
    expect(row.input?.includes("trip planner")).toBe(false);
    const result = {
      agentName: "Ada",
      conversationId: "c1",
      inviteUrl: "https://dev.convos.org/v2?i=x",
      joined: false,
    };
    expect(await commitDelivery(test.registry, claimId, instance, "live", result)).toBe(true);
    expect((await readClaim(test.registry, claimId))?.result).toEqual(result);
    expect((await loadDelivery(test.registry, claimId))?.input).toBeUndefined();
  });

  it("quarantines an instance that fails and never binds it again", async () => {
    const bad = await test.idle();
    const { claimId } = await claim("key");
    const good = await test.idle();
    expect(await replaceInstance(test.registry, claimId, bad, "agent-unproven")).toBe(good);
    const states = await test.registry.db.selectFrom("instances").select(["id", "state"]).execute();
    expect(Object.fromEntries(states.map(({ id, state }) => [id, state]))).toEqual({
      [bad]: "quarantined",
      [good]: "claimed",
    });
  });

  it("frees the key of a cancelled and of an exploded claim, and purges their texts", async () => {
    await endClaim(test.registry, (await claim("key")).claimId, { state: "cancelled" });
    const instance = await test.idle();
    const again = await claim("key");
    expect(again).toMatchObject({ created: true, instanceId: instance });
    await commitDelivery(test.registry, again.claimId, instance, "live", {
      agentName: "a",
      conversationId: "c",
      inviteUrl: null,
      joined: true,
    });
    await fence(test.registry, instance, "operator");
    await purge(test.registry, instance);
    const row = await test.registry.db
      .selectFrom("claims")
      .selectAll()
      .where("id", "=", again.claimId)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ state: "ended", data_key: null, input: null, result: null });
    await test.idle();
    expect((await claim("key")).created).toBe(true);
  });

  it("refuses in SQL what the transition tables do not allow", async () => {
    const id = await test.idle();
    await expect(
      test.registry.db.updateTable("instances").set({ state: "provisioning" }).where("id", "=", id).execute(),
    ).rejects.toThrow("instance may not move from idle to provisioning");
  });
});
