import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REGISTRY_CHECKS } from "../../activities/audit/registry-checks.ts";
import { AUDITED_INVARIANTS } from "../../domain/audit.ts";
import { explodeWorkflowId, parseClaimId, parseInstanceId, resourceName } from "../../domain/ids.ts";
import { RECONCILE_SCHEDULE } from "../../domain/workflow-types.ts";
import { abandonResource } from "../../workflows/messages.ts";
import { OWNERSHIP_PLANTS } from "./audit-plants/ownership.ts";
import type { Claimed, Plant, Scene } from "./audit-plants/plant.ts";
import { PROVIDER_PLANTS } from "./audit-plants/providers.ts";
import { REMAINS_PLANTS } from "./audit-plants/remains.ts";
import { TEXT_PLANTS } from "./audit-plants/texts.ts";
import { eventually } from "./eventually.ts";
import { TestPlatform } from "./platform.ts";

const PLANTS: readonly Plant[] = [...OWNERSHIP_PLANTS, ...REMAINS_PLANTS, ...PROVIDER_PLANTS, ...TEXT_PLANTS];

let platform: TestPlatform;
let scene: Scene;

beforeAll(async () => {
  platform = await TestPlatform.start({ target: 3, compute: "stand-in" });
  await platform.run("workers", "claims", "gateway");
  await eventually("3 are idle", async () => (await platform.counts()).idle === 3, 60_000);
  // From here on nothing may mend what is planted.
  await platform.request("POST", "/api/pool/pause", { reason: "this test plants breaches" });
  await platform.temporal.schedule.getHandle(RECONCILE_SCHEDULE).pause();
  scene = await setScene();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

async function setScene(): Promise<Scene> {
  const gone = await claimed("gone");
  const live = await claimed("live");
  // Old enough that its end need not wait for creates that come late.
  await sql`UPDATE resources SET state_since = now() - interval '1 hour'`.execute(platform.registry.db);
  await sql`UPDATE instance_events SET at = at - interval '1 hour'`.execute(platform.registry.db);
  await platform.request("POST", `/api/instances/${gone.instanceId}/explode`, {});
  await eventually("it has exploded", async () => {
    return (await platform.instance(gone.instanceId)).state === "exploded";
  });
  const idle = await platform.registry.db
    .selectFrom("instances")
    .select(["id", "name"])
    .where("state", "=", "idle")
    .executeTakeFirstOrThrow();
  return { platform, gone, live, idle: { instanceId: idle.id, name: idle.name } };
}

async function claimed(key: string): Promise<Claimed & { inviteUrl: string }> {
  const { body } = await platform.claim(key);
  const claimId = parseClaimId(String(body.claimId));
  const instanceId = parseInstanceId(String(body.instanceId));
  if (!claimId || !instanceId) throw new Error("the claim was not served");
  return {
    claimId,
    instanceId,
    name: resourceName("cv", "test", instanceId),
    inviteUrl: String(body.inviteUrl),
  };
}

const audit = async () => (await platform.request("POST", "/api/pool/audit")).body;

describe("the audit", () => {
  it("finds nothing where nothing is wrong", async () => {
    expect(await audit()).toEqual({ violations: [] });
  });

  it.each(
    PLANTS.map((plant) => ({ ...plant, title: `${plant.invariant}: ${plant.detail} (${plant.what})` })),
  )("finds $title", async ({ invariant, detail, make }) => {
    const { subject, undo } = await make(scene);
    try {
      expect(await audit()).toEqual({ violations: [{ invariant, subject, detail }] });
    } finally {
      await undo();
    }
    expect(await audit()).toEqual({ violations: [] });
  });

  it("takes what an operator has given up for settled, though its provider has it still", async () => {
    const { instanceId, name } = scene.idle;
    const { faults } = platform.openrouter;
    faults.add({ match: { method: "DELETE" }, fault: { kind: "status", status: 403 }, times: 1_000 });
    await platform.request("POST", `/api/instances/${instanceId}/explode`, {});
    const stuck = await eventually("its key does not go", () =>
      platform.registry.db
        .selectFrom("resources")
        .select("id")
        .where("last_error", "=", "denied")
        .executeTakeFirst(),
    );
    await platform.temporal.workflow
      .getHandle(explodeWorkflowId(instanceId))
      .executeUpdate(abandonResource, { args: [stuck.id, "the provider keeps refusing"] });
    await eventually(
      "it has exploded",
      async () => (await platform.instance(instanceId)).state === "exploded",
    );
    expect(platform.openrouter.state().keys.map((key) => key.name)).toContain(name);
    expect(await audit()).toEqual({ violations: [] });
  });
});

describe("the plants", () => {
  it("are of every invariant that the audit reads", () => {
    expect([...new Set(PLANTS.map(({ invariant }) => invariant))].sort()).toEqual(
      [...AUDITED_INVARIANTS].sort(),
    );
  });

  it("are of every check of the registry", () => {
    const planted = PLANTS.map(({ detail }) => detail);
    for (const { detail } of REGISTRY_CHECKS) expect(planted).toContain(detail);
  });
});
