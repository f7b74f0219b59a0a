import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstanceId } from "../../domain/ids.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { commitDelivery, endClaim, readClaim, recordJoinSent, replaceInstance } from "./claims.ts";
import { fence } from "./end.ts";
import { intakeClaim } from "./intake.ts";

let test: TestRegistry;
let keys = 0;

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

async function boundClaim() {
  // What claims go through here looks like an outage to the pool.
  await test.registry.db.deleteFrom("pool_breakers").execute();
  const instanceId = await test.idle();
  keys += 1;
  const { claimId } = await intakeClaim(test.registry, {
    pool: test.pool,
    idempotencyKey: `key-${keys}`,
    input: { instructions: "You are our trip planner" },
    onEmpty: "wait",
    inviteIdentity: undefined,
  });
  return { instanceId, claimId };
}

const answerOf = (id: string) => ({
  agentName: "Ada",
  conversationId: id,
  inviteUrl: `https://x/${id}`,
  joined: false,
});
const stateOf = async (id: InstanceId) =>
  (
    await test.registry.db
      .selectFrom("instances")
      .select("state")
      .where("id", "=", id)
      .executeTakeFirstOrThrow()
  ).state;

describe("two that serve one claim at once", () => {
  it("cannot take the instance away from a claim that is live already", async () => {
    const { claimId, instanceId } = await boundClaim();
    await commitDelivery(test.registry, claimId, instanceId, "live", answerOf(instanceId));
    await test.idle();
    expect(await replaceInstance(test.registry, claimId, instanceId, "ambiguous")).toBeUndefined();
    expect(await readClaim(test.registry, claimId)).toMatchObject({ state: "live", instanceId });
    expect(await stateOf(instanceId)).toBe("claimed");
  });

  it("never answer with one agent while another is bound", async () => {
    for (let round = 0; round < 20; round++) {
      const { claimId, instanceId } = await boundClaim();
      await test.idle();
      await Promise.all([
        replaceInstance(test.registry, claimId, instanceId, "ambiguous"),
        commitDelivery(test.registry, claimId, instanceId, "live", answerOf(instanceId)),
      ]);
      const claim = await readClaim(test.registry, claimId);
      if (claim?.state === "live") {
        expect(claim).toMatchObject({ instanceId, result: { conversationId: instanceId } });
      } else {
        expect(claim?.instanceId).not.toBe(instanceId);
        expect(claim?.result).toBeUndefined();
      }
    }
  });

  it("and whoever ends it never wait for each other in a circle", async () => {
    for (let round = 0; round < 25; round++) {
      const { claimId, instanceId } = await boundClaim();
      await Promise.all([
        endClaim(test.registry, claimId, { state: "cancelled" }),
        fence(test.registry, instanceId, "operator"),
        replaceInstance(test.registry, claimId, instanceId, "ambiguous"),
        commitDelivery(test.registry, claimId, instanceId, "live", answerOf(instanceId)),
      ]);
      expect(["exploding", "quarantined"]).toContain(await stateOf(instanceId));
    }
  }, 30_000);
});

describe("the fence", () => {
  it("does not end an instance for being idle when a claim has it meanwhile (I9)", async () => {
    const { claimId, instanceId } = await boundClaim();
    expect(await fence(test.registry, instanceId, "idle-lost", ["idle"])).toBe(false);
    expect(await stateOf(instanceId)).toBe("claimed");
    expect((await readClaim(test.registry, claimId))?.state).toBe("bound");
  });

  it("puts a claim that was not served yet back into the queue, unless it may be joining", async () => {
    const waiting = await boundClaim();
    await fence(test.registry, waiting.instanceId, "operator");
    expect(await readClaim(test.registry, waiting.claimId)).toMatchObject({
      state: "waiting",
      instanceId: undefined,
    });
    const joining = await boundClaim();
    expect((await readClaim(test.registry, joining.claimId))?.state).toBe("bound");
    expect(await recordJoinSent(test.registry, joining.claimId, joining.instanceId)).toBe(true);
    await fence(test.registry, joining.instanceId, "operator");
    expect((await readClaim(test.registry, joining.claimId))?.state).toBe("ended");
  });
});

describe("a join request", () => {
  it("does not leave an instance that the claim has not any more", async () => {
    const { claimId, instanceId } = await boundClaim();
    await replaceInstance(test.registry, claimId, instanceId, "agent-unreachable");
    expect(await recordJoinSent(test.registry, claimId, instanceId)).toBe(false);
  });

  it("keeps the claim with its instance, also for whoever looked before it left", async () => {
    const { claimId, instanceId } = await boundClaim();
    await recordJoinSent(test.registry, claimId, instanceId);
    expect(await replaceInstance(test.registry, claimId, instanceId, "agent-unreachable")).toBeUndefined();
    expect(await stateOf(instanceId)).toBe("claimed");
    expect(await readClaim(test.registry, claimId)).toMatchObject({ state: "bound", instanceId });
  });
});

it("a claim that is cancelled takes its instance along: it may still be joining somebody's room", async () => {
  const { claimId, instanceId } = await boundClaim();
  expect(await endClaim(test.registry, claimId, { state: "cancelled" })).toMatchObject({
    ended: true,
    instanceId,
  });
  expect(await stateOf(instanceId)).toBe("exploding");
});
