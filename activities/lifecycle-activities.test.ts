import { generateKeyPairSync } from "node:crypto";
import { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type InstanceId, resourceName } from "../domain/ids.ts";
import type { InstanceState } from "../domain/instance-state.ts";
import { startOpenRouterDouble } from "../infra/local/doubles/openrouter/server.ts";
import { startStandInHost } from "../infra/local/stand-in-agent/host-server.ts";
import { startTestRegistry, type TestRegistry } from "../infra/testing/registry.ts";
import { AgentClient } from "./agent/agent-client.ts";
import { askStatus } from "./agent/ask-status.ts";
import { StandInDriver } from "./compute/stand-in/stand-in-driver.ts";
import type { Dependencies } from "./dependencies.ts";
import { explodeActivities } from "./explode-activities.ts";
import { lifecycleActivities } from "./lifecycle-activities.ts";
import { OpenRouterClient } from "./openrouter/client.ts";
import { modelKeyKind } from "./openrouter/model-key.ts";
import { probeActivities } from "./probe-activities.ts";
import { fence } from "./registry/end.ts";
import { noteEvent, readInstance, readTimeline } from "./registry/instances.ts";
import { intend, listResources } from "./registry/ledger.ts";
import { newInstanceId } from "./registry/new-id.ts";
import { instanceKeyContext } from "./registry/pools.ts";
import { readPool } from "./registry/read-pool.ts";
import { ReceiptSigner } from "./registry/receipt.ts";
import { takeReport } from "./registry/reports.ts";
import { storeSecret } from "./registry/secrets.ts";
import { ResourceCatalogue } from "./resources/catalogue.ts";

const closers: (() => Promise<void>)[] = [];
let test: TestRegistry;
let deps: Dependencies;
let lifecycle: ReturnType<typeof lifecycleActivities>;

beforeAll(async () => {
  test = await startTestRegistry();
  const host = await startStandInHost();
  const openrouter = await startOpenRouterDouble({});
  // Nothing here comes as far as Temporal.
  const connection = Connection.lazy({ address: "127.0.0.1:9" });
  closers.push(
    async () => test[Symbol.asyncDispose](),
    () => host.close(),
    () => openrouter.close(),
    async () => connection.close(),
  );
  const client = new OpenRouterClient({ baseUrl: openrouter.url, managementKey: openrouter.managementKey });
  const { privateKey } = generateKeyPairSync("ed25519");
  deps = {
    registry: test.registry,
    temporal: new Client({ connection }),
    compute: new StandInDriver({ hostUrl: host.url }),
    agents: new AgentClient(),
    openrouter: client,
    resources: new ResourceCatalogue([modelKeyKind(client)]),
    receipts: new ReceiptSigner(privateKey.export({ format: "der", type: "pkcs8" })),
    retention: { backupHours: 0, historyHours: 24 },
    agentEnvironment: { GATEWAY_URL: "http://127.0.0.1:9" },
    quarantineMs: 0,
  };
  lifecycle = lifecycleActivities(deps);
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});
beforeEach(async () => {
  for (const table of ["instance_events", "resources", "secrets", "instances"] as const) {
    await test.registry.db.deleteFrom(table).execute();
  }
});

async function instance(state: InstanceState): Promise<InstanceId> {
  const { registry, pool } = test;
  const id = newInstanceId();
  const data_key = (await registry.vault.newDataKey(instanceKeyContext(id))).sealed;
  const name = resourceName("cv", "test", id);
  await registry.db
    .insertInto("instances")
    .values({ id, pool, name, generation: "g1", state, data_key })
    .execute();
  await storeSecret(registry, registry.db, id, "model-key", "k");
  return id;
}

const set = (id: InstanceId, change: object) =>
  test.registry.db.updateTable("instances").set(change).where("id", "=", id).execute();
const observe = async (id: InstanceId) =>
  deps.compute.observe(id, (await readInstance(test.registry, id)).name);

describe("launchInstance", () => {
  it("starts the process once, however often it is repeated", async () => {
    const id = await instance("provisioning");
    await lifecycle.launchInstance(id, 0);
    await lifecycle.launchInstance(id, 0);
    expect(await readInstance(test.registry, id)).toMatchObject({ state: "starting", epoch: 1 });
    expect(await observe(id)).toMatchObject({ state: "running", epoch: 1 });
  });

  it("leaves nothing running of a doomed instance that an earlier try has started", async () => {
    const id = await instance("provisioning");
    await lifecycle.launchInstance(id, 0);
    await fence(test.registry, id, "operator");
    await expect(lifecycle.launchInstance(id, 0)).rejects.toMatchObject({ code: "instance-doomed" });
    expect(await observe(id)).toEqual({ state: "absent" });
  });

  it("starts nothing of an instance that was set aside meanwhile, and leaves what is there", async () => {
    const id = await instance("claimed");
    await lifecycle.launchInstance(id, 0);
    await set(id, { state: "quarantined" });
    await expect(lifecycle.launchInstance(id, 1)).rejects.toMatchObject({ code: "instance-doomed" });
    expect(await observe(id)).toMatchObject({ state: "running", epoch: 1 });
    expect((await readInstance(test.registry, id)).epoch).toBe(1);
  });
});

describe("proveReady", () => {
  it("keeps the inboxes of a starting agent, and those of none that could have been taken over", async () => {
    const id = await instance("provisioning");
    await lifecycle.launchInstance(id, 0);
    await expect.poll(() => lifecycle.proveReady(id)).toBeUndefined();
    const { inboxId, joinInboxId } = await askStatus(deps, await readInstance(test.registry, id));
    expect(typeof inboxId).toBe("string");
    expect(await readInstance(test.registry, id)).toMatchObject({ inboxId, joinInboxId });
    await set(id, { join_inbox_id: "first" });
    await lifecycle.proveReady(id);
    expect(await readInstance(test.registry, id)).toMatchObject({ joinInboxId: "first" });
    await set(id, { state: "claimed", join_inbox_id: null });
    await lifecycle.proveReady(id);
    expect((await readInstance(test.registry, id)).joinInboxId).toBeUndefined();
  });
});

describe("the end of an instance", () => {
  const longAgo = new Date(Date.now() - 3_600_000);
  const event = (id: InstanceId, kind: string, at: Date) =>
    test.registry.db.insertInto("instance_events").values({ instance_id: id, kind, at }).execute();

  it("waits for a launch that is under way, and for nothing else that is long past", async () => {
    const id = await instance("claimed");
    const { lateCreateMs } = await explodeActivities(deps).listLedger(id);
    expect(lateCreateMs).toBe(0);
    await event(id, "launching", longAgo);
    expect((await explodeActivities(deps).listLedger(id)).lateCreateMs).toBeGreaterThan(0);
    await event(id, "launched", longAgo);
    expect((await explodeActivities(deps).listLedger(id)).lateCreateMs).toBe(0);
    await event(id, "launching", new Date());
    await event(id, "launched", new Date());
    expect((await explodeActivities(deps).listLedger(id)).lateCreateMs).toBeGreaterThan(0);
  });
});

describe("probeIdle", () => {
  const probeIdle = (id: InstanceId) => probeActivities(deps).probeIdle(id);

  it("hears an idle agent, and notices one that is gone", async () => {
    const id = await instance("provisioning");
    await lifecycle.launchInstance(id, 0);
    await set(id, { state: "idle" });
    expect(await probeIdle(id)).toEqual({ ready: true });
    const { name } = await readInstance(test.registry, id);
    await deps.compute.destroy(id, name, deps.compute.kind);
    await expect(probeIdle(id)).rejects.toMatchObject({ code: "agent-unreachable" });
  });

  it("does not ask one that somebody has taken meanwhile", async () => {
    expect(await probeIdle(await instance("claimed"))).toEqual({ ready: true });
  });
});

describe("observeInstance", () => {
  it("writes down where an agent listens whose launch was cut off", async () => {
    const id = await instance("claimed");
    await lifecycle.launchInstance(id, 0);
    const { url } = await readInstance(test.registry, id);
    await set(id, { url: null });
    expect(await lifecycle.observeInstance(id)).toMatchObject({ process: "running" });
    expect(url).toBeDefined();
    expect((await readInstance(test.registry, id)).url).toBe(url);
  });

  it("writes nothing into an instance that is purged, or of another epoch", async () => {
    const purged = await instance("claimed");
    const newer = await instance("claimed");
    for (const id of [purged, newer]) await lifecycle.launchInstance(id, 0);
    await set(purged, { url: null, data_key: null });
    await set(newer, { url: null, epoch: 2 });
    for (const id of [purged, newer]) {
      await lifecycle.observeInstance(id);
      expect((await readInstance(test.registry, id)).url).toBeUndefined();
    }
  });

  it("counts the deadline from the last start, and from coming into its state before any", async () => {
    const id = await instance("recovering");
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    await set(id, { state_since: ago(90) });
    const before = await lifecycle.observeInstance(id);
    expect(before.recentStarts).toBe(0);
    expect(before.startedMsAgo).toBeGreaterThan(89 * 60_000);
    for (const minutes of [70, 50, 2]) {
      await test.registry.db
        .insertInto("instance_events")
        .values(["launching", "launched"].map((kind) => ({ instance_id: id, kind, at: ago(minutes) })))
        .execute();
    }
    const after = await lifecycle.observeInstance(id);
    expect(after.recentStarts).toBe(2);
    expect(after.startedMsAgo).toBeGreaterThan(119_000);
    expect(after.startedMsAgo).toBeLessThan(180_000);
  });

  it("counts a start once, however often it is repeated, and also when it fails", async () => {
    const id = await instance("claimed");
    await lifecycle.launchInstance(id, 0);
    await lifecycle.launchInstance(id, 0);
    expect((await lifecycle.observeInstance(id)).recentStarts).toBe(1);
    const { compute } = deps;
    const failing = lifecycleActivities({
      ...deps,
      compute: new StandInDriver({ hostUrl: "http://127.0.0.1:9" }),
    });
    for (const after of [1, 2, 3]) {
      await expect(failing.launchInstance(id, after)).rejects.toThrow();
      await expect(failing.launchInstance(id, after)).rejects.toThrow();
    }
    expect(await readInstance(test.registry, id)).toMatchObject({ state: "recovering", epoch: 4 });
    expect((await lifecycle.observeInstance(id)).recentStarts).toBe(4);
    for (const kind of compute.resourceKinds)
      expect(await listResources(test.registry, id)).toContainEqual(
        expect.objectContaining({ provider: "compute", kind, lastError: expect.any(String) }),
      );
  });

  it("tells when its people have set it to end, and nothing while they have not", async () => {
    const id = await instance("claimed");
    expect(await lifecycle.observeInstance(id)).not.toHaveProperty("expiresAt");
    await set(id, { expires_at: new Date("2030-01-01T12:00:00.500Z") });
    expect((await lifecycle.observeInstance(id)).expiresAt).toBe("2030-01-01T12:00:00.500Z");
  });

  it("tells the epoch of the last fault", async () => {
    const id = await instance("claimed");
    expect((await lifecycle.observeInstance(id)).faultedEpoch).toBe(0);
    await set(id, { epoch: 3 });
    const fault = { kind: "fault", epoch: 3, sequence: 1, part: "brain", code: "given-up" } as const;
    await takeReport(test.registry, id, fault);
    expect((await lifecycle.observeInstance(id)).faultedEpoch).toBe(3);
  });
});

describe("explodeInstance", () => {
  it.each([
    ["idle-lost", "claimed"],
    ["never-ready", "claimed"],
    ["never-ready", "idle"],
  ] as const)("does not end for %s what is %s by now", async (reason, state) => {
    const id = await instance(state);
    expect(await lifecycle.explodeInstance(id, reason)).toBe(false);
    expect(await readInstance(test.registry, id)).toMatchObject({ state, desired: "present" });
    expect((await readPool(test.registry, test.pool)).failuresInARow).toBe(0);
  });
});

describe("abandonResource", () => {
  it("settles a resource of the instance and no other's", async () => {
    const { abandonResource } = explodeActivities(deps);
    const [own, other] = [await instance("idle"), await instance("idle")];
    const entry = await intend(test.registry, own, "compute", "stand-in");
    const refused = { type: "not-found", nonRetryable: true };
    await expect(abandonResource(other, entry.id, "why")).rejects.toMatchObject(refused);
    await expect(abandonResource(own, "none", "why")).rejects.toMatchObject(refused);
    expect(await listResources(test.registry, own)).toMatchObject([{ state: "intended" }]);
    await abandonResource(own, entry.id, "why");
    const outcome = { kind: "abandoned", reason: "why" };
    expect(await listResources(test.registry, own)).toMatchObject([{ state: "settled", outcome }]);
  });
});

it("shows the newest part of a long timeline, in order", async () => {
  const id = await instance("claimed");
  for (let n = 1; n <= 205; n++) await noteEvent(test.registry, id, "launched", `epoch ${n}`);
  const details = (await readTimeline(test.registry, id)).map((entry) => entry.detail);
  expect(details).toHaveLength(200);
  expect(details[0]).toBe("epoch 6");
  expect(details.at(-1)).toBe("epoch 205");
});
