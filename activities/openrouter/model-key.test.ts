import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { InstanceId } from "../../domain/ids.ts";
import { INITIAL_LIMIT, toUsd } from "../../domain/money.ts";
import { type OpenRouterDouble, startOpenRouterDouble } from "../../infra/local/doubles/openrouter/server.ts";
import { freePort } from "../../infra/local/free-port.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { fence } from "../registry/end.ts";
import { listResources } from "../registry/ledger.ts";
import { readSecret } from "../registry/secrets.ts";
import { ensureResource } from "../resources/ensure-resource.ts";
import { makeResourceAbsent } from "../resources/release-resource.ts";
import { OpenRouterClient } from "./client.ts";
import { modelKeyKind } from "./model-key.ts";

let test: TestRegistry;
let double: OpenRouterDouble;
let client: OpenRouterClient;

beforeAll(async () => {
  test = await startTestRegistry();
  double = await startOpenRouterDouble();
  client = new OpenRouterClient({ baseUrl: double.url, managementKey: double.managementKey });
});
afterAll(async () => {
  await double.close();
  await test[Symbol.asyncDispose]();
});
afterEach(() => double.faults.clear());

const ensure = (id: InstanceId) => ensureResource(test.registry, modelKeyKind(client), id);
const keysOf = (id: InstanceId) => double.state().keys.filter((key) => key.name.endsWith(id));
const entryOf = async (id: InstanceId) => {
  const [entry] = await listResources(test.registry, id);
  if (!entry) throw new Error("the ledger has no entry");
  return entry;
};
const onCreate = { match: { method: "POST", path: "/keys$" } };

describe("an instance's model key", () => {
  it("is made once, capped, with its secret in the vault, however often it is asked for", async () => {
    const id = await test.idle();
    await ensure(id);
    await ensure(id);
    expect(keysOf(id)).toMatchObject([{ limit: toUsd(INITIAL_LIMIT), disabled: false }]);
    expect(await readSecret(test.registry, id, "model-key")).toMatch(/^sk-or-v1-/);
    expect(await entryOf(id)).toMatchObject({ state: "active", externalId: keysOf(id)[0]?.hash });
  });

  it.each(["reset", "truncatedJson"] as const)(
    "is in doubt after a create that happened and said otherwise (%s), and is one key in the end",
    async (kind) => {
      const id = await test.idle();
      double.faults.add({ ...onCreate, fault: { kind }, position: "after", times: 1 });
      await expect(ensure(id)).rejects.toMatchObject({ code: "ambiguous" });
      expect(await entryOf(id)).toMatchObject({ state: "ambiguous" });
      expect(keysOf(id)).toHaveLength(1);
      await ensure(id);
      expect(keysOf(id)).toHaveLength(1);
      expect((await entryOf(id)).externalId).toBe(keysOf(id)[0]?.hash);
    },
  );

  it("is throttled for as long as the provider says", async () => {
    const id = await test.idle();
    double.faults.add({ ...onCreate, fault: { kind: "429", retryAfterSeconds: 7 }, times: 1 });
    await expect(ensure(id)).rejects.toMatchObject({ code: "throttled", retryAfterMs: 7_000 });
  });

  it("is refused with a wrong management key, without anything being made", async () => {
    const id = await test.idle();
    const stranger = new OpenRouterClient({ baseUrl: double.url, managementKey: "wrong" });
    await expect(ensureResource(test.registry, modelKeyKind(stranger), id)).rejects.toMatchObject({
      code: "denied",
    });
    expect(keysOf(id)).toEqual([]);
  });

  it("cannot be reached without being in doubt when nobody listens", async () => {
    const id = await test.idle();
    const baseUrl = `http://127.0.0.1:${await freePort()}/api/v1`;
    const nowhere = new OpenRouterClient({ baseUrl, managementKey: "any" });
    await expect(ensureResource(test.registry, modelKeyKind(nowhere), id)).rejects.toMatchObject({
      code: "transient",
    });
  });

  it("is not made any more behind the fence", async () => {
    const id = await test.idle();
    await fence(test.registry, id, "operator");
    await expect(ensure(id)).rejects.toMatchObject({ code: "instance-doomed" });
    expect(keysOf(id)).toEqual([]);
  });

  it("is stopped before it is deleted, and read back as absent, also one that came late under its name", async () => {
    const id = await test.idle();
    await ensure(id);
    const entry = await entryOf(id);
    await modelKeyKind(client).revoke?.(entry.externalId ?? "");
    expect(keysOf(id)).toMatchObject([{ disabled: true }]);
    await client.createKey(entry.name, 1);
    expect(await makeResourceAbsent(test.registry, modelKeyKind(client), entry)).toEqual({ kind: "absent" });
    expect(await makeResourceAbsent(test.registry, modelKeyKind(client), entry)).toEqual({ kind: "absent" });
    expect(keysOf(id)).toEqual([]);
  });

  it("is never taken for absent when the provider only refuses the credential", async () => {
    const id = await test.idle();
    await ensure(id);
    const stranger = new OpenRouterClient({ baseUrl: double.url, managementKey: "wrong" });
    await expect(
      makeResourceAbsent(test.registry, modelKeyKind(stranger), await entryOf(id)),
    ).rejects.toMatchObject({ code: "denied" });
  });

  it("is found among more keys than one page holds", async () => {
    for (let index = 0; index < 105; index++) await client.createKey(`other-${index}`, 1);
    const id = await test.idle();
    await ensure(id);
    expect(await client.listKeys((await entryOf(id)).name)).toHaveLength(1);
  });
});
