import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { InstanceId } from "../domain/ids.ts";
import { type OpenRouterDouble, startOpenRouterDouble } from "../infra/local/doubles/openrouter/server.ts";
import { startStandInHost } from "../infra/local/stand-in-agent/host-server.ts";
import { startTestRegistry, type TestRegistry } from "../infra/testing/registry.ts";
import { StandInDriver } from "./compute/stand-in/stand-in-driver.ts";
import { leakActivities } from "./leak-activities.ts";
import { OpenRouterClient } from "./openrouter/client.ts";
import { modelKeyKind } from "./openrouter/model-key.ts";
import { beginRelease, listResources, settle } from "./registry/ledger.ts";
import { ResourceCatalogue } from "./resources/catalogue.ts";
import { ensureResource } from "./resources/ensure-resource.ts";

const ENOUGH = 12;
const closers: (() => Promise<void>)[] = [];
let test_: TestRegistry;
let double: OpenRouterDouble;
let client: OpenRouterClient;
let sweep: () => ReturnType<ReturnType<typeof leakActivities>["sweepLeaks"]>;

beforeAll(async () => {
  test_ = await startTestRegistry();
  double = await startOpenRouterDouble();
  const host = await startStandInHost();
  closers.push(
    () => host.close(),
    () => double.close(),
    async () => test_[Symbol.asyncDispose](),
  );
  client = new OpenRouterClient({ baseUrl: double.url, managementKey: double.managementKey });
  const resources = new ResourceCatalogue([modelKeyKind(client)]);
  const compute = new StandInDriver({ hostUrl: host.url });
  sweep = () => leakActivities({ registry: test_.registry, compute, resources }).sweepLeaks();
  // Against these a leak is a small share.
  for (let n = 0; n < ENOUGH; n++) await keyed();
});
afterAll(async () => {
  for (const close of closers) await close();
});

async function keyed(): Promise<InstanceId> {
  const id = await test_.idle();
  await ensureResource(test_.registry, modelKeyKind(client), id);
  return id;
}
const names = () => double.state().keys.map(({ name }) => name);
const entryOf = async (id: InstanceId) => {
  const [entry] = await listResources(test_.registry, id);
  if (!entry) throw new Error("the ledger has no entry");
  return entry;
};
/** As if all that was seen had been seen long ago. */
const letTimePass = () =>
  sql`UPDATE leaks SET first_seen_at = first_seen_at - interval '1 hour'`.execute(test_.registry.db);

test("what is in order is left alone", async () => {
  expect(await sweep()).toEqual([]);
  expect(names()).toHaveLength(ENOUGH);
});

test("a second key of the name is removed once it is old enough, and the instance's own stays", async () => {
  const id = await keyed();
  const { name, externalId } = await entryOf(id);
  await client.createKey(name, 1);
  const finding = { provider: "openrouter", kind: "model-key", name, verdict: "duplicate" };
  expect(await sweep()).toEqual([{ ...finding, removed: false }]);
  expect(await sweep()).toEqual([{ ...finding, removed: false }]);
  await letTimePass();
  expect(await sweep()).toEqual([{ ...finding, removed: true }]);
  expect(await sweep()).toEqual([]);
  expect((await client.listKeys(name)).map(({ hash }) => hash)).toEqual([externalId]);
});

test("what comes after it was made absent is removed", async () => {
  const id = await keyed();
  const { id: entryId, name, externalId } = await entryOf(id);
  await beginRelease(test_.registry, entryId);
  await client.deleteKey(externalId ?? "");
  await settle(test_.registry, entryId, { kind: "absent" });
  await client.createKey(name, 1);
  expect(await sweep()).toMatchObject([{ name, verdict: "late", removed: false }]);
  await letTimePass();
  expect(await sweep()).toMatchObject([{ name, verdict: "late", removed: true }]);
  expect(names()).not.toContain(name);
});

test("a key of nobody, and one of another environment, are never removed", async () => {
  await client.createKey("cv-test-zzzzzzzzzzzz", 1);
  await client.createKey("cv-test2-aaaaaaaaaaaa", 1);
  await sweep();
  await letTimePass();
  expect(await sweep()).toEqual([
    {
      provider: "openrouter",
      kind: "model-key",
      name: "cv-test-zzzzzzzzzzzz",
      verdict: "unknown",
      removed: false,
    },
  ]);
  expect(names()).toContain("cv-test-zzzzzzzzzzzz");
  expect(names()).toContain("cv-test2-aaaaaaaaaaaa");
});
