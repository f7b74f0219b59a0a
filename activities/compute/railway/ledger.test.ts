import { generateKeyPairSync } from "node:crypto";
import { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type InstanceId, resourceName } from "../../../domain/ids.ts";
import { startOpenRouterDouble } from "../../../infra/local/doubles/openrouter/server.ts";
import { type RailwayDouble, startRailwayDouble } from "../../../infra/local/doubles/railway/server.ts";
import { startTestRegistry, type TestRegistry } from "../../../infra/testing/registry.ts";
import { AgentClient } from "../../agent/agent-client.ts";
import type { Dependencies } from "../../dependencies.ts";
import { explodeActivities } from "../../explode-activities.ts";
import { lifecycleActivities } from "../../lifecycle-activities.ts";
import { OpenRouterClient } from "../../openrouter/client.ts";
import { RailwayClient } from "../../railway/client.ts";
import { fence } from "../../registry/end.ts";
import { listResources } from "../../registry/ledger.ts";
import { newInstanceId } from "../../registry/new-id.ts";
import { instanceKeyContext } from "../../registry/pools.ts";
import { ReceiptSigner } from "../../registry/receipt.ts";
import { storeSecret } from "../../registry/secrets.ts";
import { ResourceCatalogue } from "../../resources/catalogue.ts";
import type { ComputeDriver } from "../driver.ts";
import { RailwayDriver } from "./railway-driver.ts";

/** Each kind's outcome in the ledger is what Railway said of it, in whatever order they are made absent. */

const stack = new AsyncDisposableStack();
let platform: TestRegistry;
let railway: RailwayDouble;
let deps: Dependencies;

beforeAll(async () => {
  platform = stack.use(await startTestRegistry());
  const openrouter = stack.adopt(await startOpenRouterDouble({}), (double) => double.close());
  const settings = {
    ...{ projectCreateWindowMs: 0, volumeCreateWindowMs: 0, deployStepMs: 0 },
    requestsPerSecond: 10_000,
  };
  railway = stack.adopt(await startRailwayDouble({ settings }), (double) => double.close());
  const connection = stack.adopt(Connection.lazy({ address: "127.0.0.1:9" }), (one) => one.close());
  const { url, token, workspaceId } = railway;
  deps = {
    registry: platform.registry,
    temporal: new Client({ connection }),
    compute: new RailwayDriver({
      client: new RailwayClient({ url, token, workspaceId }),
      image: "agent:test",
      mountPath: "/state",
      targetPort: 8080,
      limits: { cpu: 1, memoryBytes: 1_000_000_000 },
      settleMs: 0,
    }),
    agents: new AgentClient(),
    openrouter: new OpenRouterClient({ baseUrl: openrouter.url, managementKey: openrouter.managementKey }),
    resources: new ResourceCatalogue([]),
    receipts: new ReceiptSigner(
      generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" }),
    ),
    retention: { backupHours: 0, historyHours: 24 },
    agentEnvironment: {},
    quarantineMs: 0,
  };
});
afterAll(() => stack.disposeAsync());

async function instance(): Promise<InstanceId> {
  const { registry, pool } = platform;
  const id = newInstanceId();
  const { sealed: data_key } = await registry.vault.newDataKey(instanceKeyContext(id));
  const row = { id, pool, name: resourceName("cv", "test", id), generation: "g1", data_key };
  await registry.db.insertInto("instances").values(row).execute();
  await storeSecret(registry, registry.db, id, "model-key", "a-model-key");
  return id;
}

/** Releases what is made absent in this order, then looks for what came late. */
async function release(id: InstanceId, order: string): Promise<void> {
  const entries = await listResources(platform.registry, id);
  const { releaseResource, sweepLate } = explodeActivities(deps);
  for (const kind of order.split(" "))
    await releaseResource(entries.find((entry) => entry.kind === kind)?.id ?? "none");
  for (const entry of entries) await sweepLate(entry.id);
}

async function expectEnded(id: InstanceId): Promise<void> {
  const settled = await listResources(platform.registry, id);
  expect(Object.fromEntries(settled.map(({ kind, outcome }) => [kind, outcome]))).toEqual({
    project: { kind: "absent" },
    service: { kind: "absent" },
    volume: { kind: "pending-deletion", until: expect.any(String) },
    domain: { kind: "absent" },
  });
  expect(railway.state()).toMatchObject({ projects: [], services: [], domains: [] });
  expect(railway.state().volumes.filter((volume) => !volume.isPendingDeletion)).toEqual([]);
}

test.each([
  "project volume service domain",
  "service volume domain project",
  "domain volume service project",
])("whatever is released first: %s", async (order) => {
  const id = await instance();
  await lifecycleActivities(deps).launchInstance(id, 0);
  await fence(platform.registry, id, "operator");
  await release(id, order);
  await expectEnded(id);
});

test("when its end began while it was launched", async () => {
  const id = await instance();
  const { compute } = deps;
  const fenced: ComputeDriver = {
    kind: compute.kind,
    resourceKinds: compute.resourceKinds,
    async launch(spec, grant) {
      const launched = await compute.launch(spec, grant);
      await fence(platform.registry, id, "operator");
      return launched;
    },
    observe: (...args) => compute.observe(...args),
    destroy: (...args) => compute.destroy(...args),
    list: (prefix) => compute.list(prefix),
  };
  const { launchInstance } = lifecycleActivities({ ...deps, compute: fenced });
  await expect(launchInstance(id, 0)).rejects.toMatchObject({ code: "instance-doomed" });
  await release(id, "domain volume service project");
  await expectEnded(id);
});
