import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { InstanceId } from "../../domain/ids.ts";
import { type BankrDouble, startBankrDouble } from "../../infra/local/doubles/bankr/server.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { countedFetch } from "../rate-limit/counted-fetch.ts";
import { BANKR_BUDGET } from "../rate-limit/default-budgets.ts";
import { listResources } from "../registry/ledger.ts";
import { readSecret } from "../registry/secrets.ts";
import { ensureResource } from "../resources/ensure-resource.ts";
import { makeResourceAbsent } from "../resources/release-resource.ts";
import type { ResourceKind } from "../resources/resource-kind.ts";
import { BankrPartnerClient } from "./partner-client.ts";
import { walletKind } from "./wallet.ts";
import { walletKeyKind } from "./wallet-key.ts";

let testRegistry: TestRegistry;
let double: BankrDouble;
let kinds: readonly ResourceKind[];

beforeAll(async () => {
  testRegistry = await startTestRegistry();
  double = await startBankrDouble();
  const budget = { ...BANKR_BUDGET, capacity: 1_000 };
  const fetch = countedFetch(testRegistry.registry.db, budget);
  const client = new BankrPartnerClient({ baseUrl: double.url, partnerKey: double.partnerKey, fetch });
  kinds = [walletKind(client), walletKeyKind(client)];
});
afterAll(async () => {
  await double.close();
  await testRegistry[Symbol.asyncDispose]();
});
afterEach(() => double.faults.clear());

const ensureAll = async (id: InstanceId): Promise<void> => {
  for (const kind of kinds) await ensureResource(testRegistry.registry, kind, id);
};
const entries = (id: InstanceId) => listResources(testRegistry.registry, id);
const walletOf = (id: InstanceId) => double.state().wallets.find(({ name }) => name?.endsWith(id));
const activeKeys = (walletId: string | undefined) =>
  double.state().keys.filter((key) => key.walletId === walletId && key.isActive);

test("one wallet with one key, the secret in the vault, however often it is asked for", async () => {
  const id = await testRegistry.idle();
  await ensureAll(id);
  await ensureAll(id);
  const wallet = walletOf(id);
  expect(await entries(id)).toMatchObject([
    { kind: "wallet", state: "active", externalId: wallet?.id },
    { kind: "wallet-key", state: "active", externalId: `${wallet?.id}/${activeKeys(wallet?.id)[0]?.keyId}` },
  ]);
  expect(activeKeys(wallet?.id)).toHaveLength(1);
  expect(await readSecret(testRegistry.registry, id, "wallet-key")).toMatch(/^bk_usr_/);
});

test("a key whose answer was lost is revoked before another is made", async () => {
  const id = await testRegistry.idle();
  const mint = { method: "POST", path: "/api-keys$" };
  double.faults.add({ match: mint, fault: { kind: "reset" }, position: "after" });
  await expect(ensureAll(id)).rejects.toMatchObject({ code: "ambiguous" });
  expect(activeKeys(walletOf(id)?.id)).toHaveLength(1);
  // It may still come to be listed: until the window has passed nothing is made.
  await expect(ensureAll(id)).rejects.toMatchObject({ code: "transient" });
  expect(activeKeys(walletOf(id)?.id)).toEqual([]);
});

test("in the end the key is absent and the wallet is retained without one, both read back", async () => {
  const id = await testRegistry.idle();
  await ensureAll(id);
  const outcomes = [];
  for (const entry of (await entries(id)).reverse()) {
    const kind = kinds.find((one) => one.kind === entry.kind);
    if (!kind) throw new Error(entry.kind);
    outcomes.push([entry.kind, await makeResourceAbsent(testRegistry.registry, kind, entry)]);
  }
  expect(outcomes).toEqual([
    ["wallet-key", { kind: "absent" }],
    ["wallet", { kind: "revoked-retained", balance: "0.00 USD" }],
  ]);
  expect(activeKeys(walletOf(id)?.id)).toEqual([]);
  expect(double.state().transactions).toEqual([]);
});
