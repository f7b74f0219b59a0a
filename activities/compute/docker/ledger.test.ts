import { generateKeyPairSync } from "node:crypto";
import { Client, Connection } from "@temporalio/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type InstanceId, parseInstanceId, resourceName } from "../../../domain/ids.ts";
import { type DockerDouble, startDockerDouble } from "../../../infra/local/doubles/docker/server.ts";
import { startOpenRouterDouble } from "../../../infra/local/doubles/openrouter/server.ts";
import { startTestRegistry, type TestRegistry } from "../../../infra/testing/registry.ts";
import { AgentClient } from "../../agent/agent-client.ts";
import { checkProviders } from "../../audit/provider-checks.ts";
import type { Dependencies } from "../../dependencies.ts";
import { explodeActivities } from "../../explode-activities.ts";
import { lifecycleActivities } from "../../lifecycle-activities.ts";
import { OpenRouterClient } from "../../openrouter/client.ts";
import { redeemBootstrapToken } from "../../registry/bootstrap.ts";
import { fence } from "../../registry/end.ts";
import { readInstance } from "../../registry/instances.ts";
import { listResources } from "../../registry/ledger.ts";
import { newInstanceId } from "../../registry/new-id.ts";
import { instanceKeyContext } from "../../registry/pools.ts";
import { ReceiptSigner } from "../../registry/receipt.ts";
import { agentSecrets, storeSecret } from "../../registry/secrets.ts";
import { ResourceCatalogue } from "../../resources/catalogue.ts";
import { IMAGE, openDriver, standInContainers } from "./testing/stand-in-containers.ts";

/** A driver that makes two kinds, under the ledger's rule: one row, one record, one release for each. */

const stack = new AsyncDisposableStack();
let platform: TestRegistry;
let docker: DockerDouble;
let deps: Dependencies;
let lifecycle: ReturnType<typeof lifecycleActivities>;
let explode: ReturnType<typeof explodeActivities>;

beforeAll(async () => {
  platform = stack.use(await startTestRegistry());
  const openrouter = stack.adopt(await startOpenRouterDouble({}), (double) => double.close());
  const connection = stack.adopt(Connection.lazy({ address: "127.0.0.1:9" }), (one) => one.close());
  const client = new OpenRouterClient({ baseUrl: openrouter.url, managementKey: openrouter.managementKey });
  const { privateKey } = generateKeyPairSync("ed25519");
  deps = {
    registry: platform.registry,
    temporal: new Client({ connection }),
    compute: openDriver({ host: "127.0.0.1", port: 9 }),
    agents: new AgentClient(),
    openrouter: client,
    resources: new ResourceCatalogue([]),
    receipts: new ReceiptSigner(privateKey.export({ format: "der", type: "pkcs8" })),
    retention: { backupHours: 0, historyHours: 24 },
    agentEnvironment: { GATEWAY_URL: "http://127.0.0.1:9" },
    quarantineMs: 0,
  };
});
afterAll(() => stack.disposeAsync());

beforeEach(async () => {
  docker = await startDockerDouble({ images: [IMAGE], runContainer: standInContainers(redeem) });
  const now = { ...deps, compute: openDriver(docker) };
  lifecycle = lifecycleActivities(now);
  explode = explodeActivities(now);
  deps = now;
});
afterEach(() => docker.close());

/** As the gateway's route does it. */
async function redeem(token: string, env: Readonly<Record<string, string>>) {
  const id = parseInstanceId(env.INSTANCE_ID ?? "");
  const { registry } = platform;
  const redeemed = id && (await redeemBootstrapToken(registry, id, Number(env.EPOCH), token));
  return redeemed ? agentSecrets(registry, id) : undefined;
}

async function instance(): Promise<InstanceId> {
  const { registry, pool } = platform;
  const id = newInstanceId();
  const { sealed: data_key } = await registry.vault.newDataKey(instanceKeyContext(id));
  const row = { id, pool, name: resourceName("cv", "test", id), generation: "g1", data_key };
  await registry.db.insertInto("instances").values(row).execute();
  await storeSecret(registry, registry.db, id, "model-key", "k");
  return id;
}
const rows = async (id: InstanceId) =>
  (await listResources(platform.registry, id)).map(({ kind, state, externalId, outcome }) => {
    return { kind, state, externalId, outcome: outcome?.kind };
  });
const release = async (id: InstanceId, kind: string) => {
  const entry = (await listResources(platform.registry, id)).find((one) => one.kind === kind);
  await explode.releaseResource(entry?.id ?? "none");
};
const violations = async () => (await checkProviders(deps)).map(({ detail }) => detail);
const outcome = "absent";

test("each kind has its row, before the launch and after it, and the token opens the secrets", async () => {
  const id = await instance();
  docker.faults.add({ match: { path: "^/containers/create$" }, fault: { kind: "status", status: 500 } });
  await expect(lifecycle.launchInstance(id, 0)).rejects.toMatchObject({ code: "ambiguous" });
  expect(await rows(id)).toMatchObject([
    { kind: "volume", state: "intended", externalId: undefined },
    { kind: "container", state: "intended", externalId: undefined },
  ]);
  await lifecycle.launchInstance(id, 0);
  const { name } = await readInstance(platform.registry, id);
  expect(await rows(id)).toMatchObject([
    { kind: "volume", state: "active", externalId: name },
    { kind: "container", state: "active", externalId: name },
  ]);
  await expect.poll(() => lifecycle.proveReady(id).then(() => "ready", String)).toBe("ready");
  docker.crash(name);
  await lifecycle.launchInstance(id, 1);
  expect(await deps.compute.observe(id, name)).toMatchObject({ state: "running", epoch: 2 });
  expect(await violations()).toEqual([]);
  await fence(platform.registry, id, "operator");
  await Promise.all(["volume", "container"].map((kind) => release(id, kind)));
});

describe("the end", () => {
  test.each([
    ["volume", "container"],
    ["container", "volume"],
  ])("in whatever order it is asked for: %s, %s", async (first, second) => {
    const id = await instance();
    await lifecycle.launchInstance(id, 0);
    await fence(platform.registry, id, "operator");
    await release(id, first);
    await release(id, second);
    expect(await rows(id)).toMatchObject([
      { kind: "volume", state: "settled", outcome },
      { kind: "container", state: "settled", outcome },
    ]);
    expect(docker.state()).toMatchObject({ containers: [], volumes: [] });
    expect(await violations()).toEqual([]);
  });

  test("of a launch that comes too late leaves nothing", async () => {
    const id = await instance();
    await lifecycle.launchInstance(id, 0);
    await fence(platform.registry, id, "operator");
    await expect(lifecycle.launchInstance(id, 0)).rejects.toMatchObject({ code: "instance-doomed" });
    expect(docker.state()).toMatchObject({ containers: [], volumes: [] });
    for (const kind of ["container", "volume"]) await release(id, kind);
  });
});

test("the audit tells a volume from a container", async () => {
  const id = await instance();
  await lifecycle.launchInstance(id, 0);
  const { name } = await readInstance(platform.registry, id);
  await deps.compute.destroy(id, name, "container");
  expect(await violations()).toEqual([expect.stringContaining("container")]);
  await lifecycle.launchInstance(id, 1);
  await fence(platform.registry, id, "operator");
  for (const kind of ["container", "volume"]) await release(id, kind);
  expect(await violations()).toEqual([]);
});
