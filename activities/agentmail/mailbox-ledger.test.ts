import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { InstanceId } from "../../domain/ids.ts";
import { TestDouble } from "../../infra/local/doubles/agentmail/testing.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { listResources } from "../registry/ledger.ts";
import { readSecret } from "../registry/secrets.ts";
import { ensureResource } from "../resources/ensure-resource.ts";
import { makeResourceAbsent } from "../resources/release-resource.ts";
import { mailboxKind } from "./mailbox.ts";
import { mailboxKeyKind } from "./mailbox-key.ts";

let registry: TestRegistry;
let test: TestDouble;
beforeAll(async () => {
  registry = await startTestRegistry();
  test = await TestDouble.start();
});
afterAll(async () => {
  await test.close();
  await registry[Symbol.asyncDispose]();
});
afterEach(() => test.double.faults.clear());

const account = () => ({ baseUrl: test.double.url, apiKey: test.double.apiKey });
const ensure = async (id: InstanceId) => {
  await ensureResource(registry.registry, mailboxKind(account()), id);
  await ensureResource(registry.registry, mailboxKeyKind(account()), id);
};
const inventory = (id: InstanceId) => {
  const { inboxes, keys } = test.double.state();
  return {
    inboxes: inboxes.filter(({ clientId }) => clientId?.endsWith(id)),
    keys: keys.filter(({ name }) => name.endsWith(id)),
  };
};

describe("an instance's mailbox and its key under the rule of the ledger", () => {
  it("are made once, the key's secret in the vault, however often they are asked for", async () => {
    const id = await registry.idle();
    await ensure(id);
    await ensure(id);
    expect(inventory(id)).toMatchObject({ inboxes: [{}], keys: [{}] });
    const secret = await readSecret(registry.registry, id, "mailbox-key");
    expect((await test.sdkOf(secret ?? "").inboxes.list()).inboxes).toHaveLength(1);
  });

  it("are one mailbox when the provider made it and said that it failed", async () => {
    const id = await registry.idle();
    test.double.faults.add({ match: { method: "POST" }, position: "after", fault: { kind: "html" } });
    await expect(ensure(id)).rejects.toMatchObject({ code: "ambiguous" });
    await ensure(id);
    expect(inventory(id)).toMatchObject({ inboxes: [{}], keys: [{}] });
  });

  it("are made absent in either order", async () => {
    for (const isMailboxFirst of [true, false]) {
      const id = await registry.idle();
      await ensure(id);
      const kinds = [mailboxKind(account()), mailboxKeyKind(account())];
      for (const kind of isMailboxFirst ? kinds : kinds.toReversed()) {
        const entries = await listResources(registry.registry, id);
        const entry = entries.find((one) => one.kind === kind.kind);
        if (!entry) throw new Error("the ledger has no entry");
        expect(await makeResourceAbsent(registry.registry, kind, entry)).toEqual({ kind: "absent" });
      }
      expect(inventory(id)).toEqual({ inboxes: [], keys: [] });
    }
  });
});
