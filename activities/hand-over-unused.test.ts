import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type InstanceId, resourceName } from "../domain/ids.ts";
import { TestTelnyx } from "../infra/local/doubles/telnyx/testing.ts";
import { startTestRegistry, type TestRegistry } from "../infra/testing/registry.ts";
import { checkRegistry } from "./audit/registry-checks.ts";
import { handOverUnused } from "./hand-over-unused.ts";
import { fence } from "./registry/end.ts";
import { intakeClaim } from "./registry/intake.ts";
import { beginRelease, listResources, settle } from "./registry/ledger.ts";
import { ResourceCatalogue } from "./resources/catalogue.ts";
import { ensureResource } from "./resources/ensure-resource.ts";
import { makeResourceAbsent } from "./resources/release-resource.ts";
import { TelnyxClient } from "./telnyx/client.ts";
import { NumberKind } from "./telnyx/number.ts";

let test: TestRegistry;
let telnyx: TestTelnyx;
let number: NumberKind;

beforeAll(async () => {
  test = await startTestRegistry();
});
afterAll(() => test[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const table of ["instance_events", "bindings", "claims", "resources", "instances"] as const)
    await test.registry.db.deleteFrom(table).execute();
  telnyx = await TestTelnyx.start();
  number = new NumberKind({
    client: new TelnyxClient({ apiKey: telnyx.double.apiKey, baseUrl: telnyx.double.url }),
    profile: { name: "cv-test" },
    waits: { orderMs: 500, verifyMs: 1_500, pollMs: 10 },
  });
  return () => telnyx.close();
});

const numbered = async (): Promise<InstanceId> => {
  const id = await test.idle();
  await ensureResource(test.registry, number, id);
  return id;
};
const handOver = (from: InstanceId, successor: InstanceId) =>
  handOverUnused({ registry: test.registry, resources: new ResourceCatalogue([number]) }, from, successor);
const entryOf = async (id: InstanceId) => {
  const [entry] = await listResources(test.registry, id);
  if (!entry) throw new Error("the ledger has no entry");
  return entry;
};
const end = async (id: InstanceId) => {
  const entry = await entryOf(id);
  await beginRelease(test.registry, entry.id);
  await settle(test.registry, entry.id, await makeResourceAbsent(test.registry, number, entry));
};
const nameOf = (id: InstanceId): string => resourceName("cv", "test", id);
const standing = () =>
  telnyx.double
    .state()
    .numbers.map(({ phoneNumber, customerReference }) => ({ phoneNumber, customerReference }));

it("the successor adopts the number, and the end of the first leaves it", async () => {
  const first = await numbered();
  const { externalId } = await entryOf(first);
  const successor = await test.idle();
  await fence(test.registry, first, "superseded");
  await handOver(first, successor);
  await handOver(first, successor);
  await ensureResource(test.registry, number, successor);
  expect(await entryOf(successor)).toMatchObject({ state: "active", externalId });
  await end(first);
  expect(standing()).toEqual([{ phoneNumber: externalId, customerReference: nameOf(successor) }]);
  expect(telnyx.double.state().numbersBought).toBe(1);
  const shared = (await checkRegistry(test.registry.db)).filter(({ invariant }) => invariant === "I12");
  expect(shared).toEqual([]);
});

it("a number that a claim had is never given on", async () => {
  const first = await numbered();
  const successor = await test.idle();
  await test.registry.db
    .updateTable("instances")
    .set({ state_since: new Date(0) })
    .where("id", "=", first)
    .execute();
  const { instanceId } = await intakeClaim(test.registry, {
    pool: test.pool,
    idempotencyKey: "one",
    input: { instructions: "You are our trip planner" },
    onEmpty: "reject",
    inviteIdentity: undefined,
  });
  expect(instanceId).toBe(first);
  await handOver(first, successor);
  expect(standing()).toMatchObject([{ customerReference: nameOf(first) }]);
  expect(await listResources(test.registry, successor)).toEqual([]);
});

it("one whose end was quicker is bought anew", async () => {
  const first = await numbered();
  const { externalId } = await entryOf(first);
  const successor = await test.idle();
  await end(first);
  await handOver(first, successor);
  await ensureResource(test.registry, number, successor);
  expect(standing()).toMatchObject([{ customerReference: nameOf(successor) }]);
  expect((await entryOf(successor)).externalId).not.toBe(externalId);
});

it.each(["before", "after"] as const)(
  "a provider that fails %s the renaming leaves exactly one for the successor",
  async (position) => {
    const first = await numbered();
    const successor = await test.idle();
    await fence(test.registry, first, "superseded");
    telnyx.double.faults.add({
      match: { method: "PATCH", path: "/phone_numbers/" },
      position,
      fault: { kind: "reset" },
    });
    await handOver(first, successor);
    await end(first);
    await ensureResource(test.registry, number, successor);
    expect(standing()).toMatchObject([{ customerReference: nameOf(successor) }]);
  },
);

it("a successor that is to be absent gets nothing, and a pool without numbers neither", async () => {
  const first = await numbered();
  const doomed = await test.idle();
  await fence(test.registry, doomed, "operator");
  await handOver(first, doomed);
  const other = await test.idle();
  await test.registry.db.updateTable("pools").set({ number_timing: "off" }).execute();
  await handOver(first, other);
  await test.registry.db.updateTable("pools").set({ number_timing: "eager" }).execute();
  expect(standing()).toMatchObject([{ customerReference: nameOf(first) }]);
});
