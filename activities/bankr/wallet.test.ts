import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { resourceName } from "../../domain/ids.ts";
import { type BankrDouble, startBankrDouble } from "../../infra/local/doubles/bankr/server.ts";
import { freePort } from "../../infra/local/free-port.ts";
import { newInstanceId } from "../registry/new-id.ts";
import type { ResourceOwner } from "../resources/resource-kind.ts";
import { BankrPartnerClient } from "./partner-client.ts";
import { walletKind } from "./wallet.ts";
import { walletKeyKind } from "./wallet-key.ts";

let double: BankrDouble;
let client: BankrPartnerClient;
let requests: string[] = [];

const control = async (method: string, path: string, body?: unknown): Promise<void> => {
  const { ok } = await fetch(`${double.url}/__double/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!ok) throw new Error(`the double refuses ${path}`);
};
const set = (settings: Record<string, unknown>) => control("PATCH", "bankr/settings", settings);
const DEFAULTS = {
  replayStatus: 200,
  listsIdempotencyKey: true,
  mintNamesKeyId: false,
  listsRevokedKeys: true,
};

beforeAll(async () => {
  double = await startBankrDouble();
  client = new BankrPartnerClient({
    baseUrl: double.url,
    partnerKey: double.partnerKey,
    fetch: (input, init) => {
      requests.push(`${init?.method} ${new URL(String(input)).pathname}`);
      return fetch(input, init);
    },
  });
  await set({ createsPerMinute: 1_000 });
});
afterAll(() => double.close());
afterEach(async () => {
  double.faults.clear();
  await set(DEFAULTS);
  requests = [];
});

function newOwner(siblings: ResourceOwner["siblings"] = new Map()): ResourceOwner {
  const instanceId = newInstanceId();
  return { instanceId, name: resourceName("cv", "test", instanceId), siblings };
}
const walletsOf = ({ name }: ResourceOwner) =>
  double.state().wallets.filter((wallet) => wallet.name === name);
const activeKeysOf = (walletId: string) =>
  double.state().keys.filter((key) => key.walletId === walletId && key.isActive);
const stranger = () => new BankrPartnerClient({ baseUrl: double.url, partnerKey: "bk_ptr_other" });
const onCreate = { match: { method: "POST", path: "/partner/wallets$" } };

async function walletWithKey() {
  const owner = newOwner();
  const { externalId: walletId } = await walletKind(client).create(owner);
  const withWallet = { ...owner, siblings: new Map([["wallet", walletId]]) };
  const key = await walletKeyKind(client).create(withWallet);
  return { owner: withWallet, walletId, key };
}

describe("an instance's wallet", () => {
  it.each([200, 409])("is one however often it is made, a repetition being %i", async (replayStatus) => {
    await set({ replayStatus });
    const owner = newOwner();
    const wallet = walletKind(client);
    expect(await wallet.find(owner)).toEqual([]);
    const made = await wallet.create(owner);
    expect(await wallet.create(owner)).toEqual(made);
    expect(await wallet.find(owner)).toEqual([made]);
    expect(walletsOf(owner)).toHaveLength(1);
    expect(activeKeysOf(made.externalId)).toEqual([]);
  });

  it.each(["reset", "truncatedJson", "html"] as const)(
    "is in doubt after a create that happened and said otherwise (%s), and found afterwards",
    async (kind) => {
      const owner = newOwner();
      double.faults.add({ ...onCreate, fault: { kind }, position: "after" });
      await expect(walletKind(client).create(owner)).rejects.toMatchObject({ code: "ambiguous" });
      expect(await walletKind(client).find(owner)).toEqual([{ externalId: walletsOf(owner)[0]?.id }]);
    },
  );

  it("is found by making it again where the list does not say whose it is", async () => {
    await set({ listsIdempotencyKey: false });
    const owner = newOwner();
    double.faults.add({ ...onCreate, fault: { kind: "reset" }, position: "after" });
    await expect(walletKind(client).create(owner)).rejects.toMatchObject({ code: "ambiguous" });
    const made = { externalId: walletsOf(owner)[0]?.id };
    expect(await walletKind(client).find(owner)).toEqual([made]);
    expect(await walletKind(client).create(owner)).toEqual(made);
    expect(walletsOf(owner)).toHaveLength(1);
  });

  it("is not made once the provider's limits are reached", async () => {
    double.faults.add({ ...onCreate, fault: { kind: "429", retryAfterSeconds: 7 } });
    const owner = newOwner();
    const create = () => walletKind(client).create(owner);
    await expect(create()).rejects.toMatchObject({ code: "throttled", retryAfterMs: 7_000 });
    await set({ maxWallets: 0 });
    await expect(create()).rejects.toMatchObject({ code: "exhausted" });
    await set({ maxWallets: 1_000, createsPerMinute: 0 });
    await expect(create()).rejects.toMatchObject({ code: "throttled" });
    await set({ createsPerMinute: 1_000 });
    expect(walletsOf(owner)).toEqual([]);
  });

  it("waits for the narrower limit of creates, and is not asked for when that refuses", async () => {
    const limited = new BankrPartnerClient({
      ...{ baseUrl: double.url, partnerKey: double.partnerKey },
      beforeWalletCreate: () => Promise.reject(new Error("not now")),
    });
    const owner = newOwner();
    await expect(walletKind(limited).create(owner)).rejects.toThrow("not now");
    expect(walletsOf(owner)).toEqual([]);
  });

  it("is removed by revoking every key; what it holds is told, and so often as it is asked", async () => {
    const { owner, walletId } = await walletWithKey();
    await control("POST", "bankr/fund", { wallet: walletId, token: "USDC", amount: "12.345" });
    await control("POST", "bankr/fund", {
      wallet: walletId,
      token: "ETH",
      amount: "0.001",
      chain: "mainnet",
    });
    const outcome = { kind: "revoked-retained", balance: "14.85 USD" };
    expect(await walletKind(client).remove(walletId, owner)).toEqual(outcome);
    expect(activeKeysOf(walletId)).toEqual([]);
    expect(await walletKind(client).remove(walletId, owner)).toEqual(outcome);
    expect(activeKeysOf(walletId)).toEqual([]);
    expect(walletsOf(owner)).toHaveLength(1);
    expect(double.state().transactions).toEqual([]);
  });

  it("has an unknown balance where nobody may read it", async () => {
    const { owner, walletId } = await walletWithKey();
    double.faults.add({ match: { path: "/wallet/portfolio" }, fault: { kind: "status", status: 403 } });
    expect(await walletKind(client).remove(walletId, owner)).toEqual({
      ...{ kind: "revoked-retained", balance: "unknown" },
    });
    double.faults.add({
      match: { path: "/wallet/portfolio" },
      fault: { kind: "status", status: 200, body: {} },
    });
    expect(await walletKind(client).remove(walletId, owner)).toMatchObject({ balance: "unknown" });
    expect(activeKeysOf(walletId)).toEqual([]);
  });

  it("is removed in the end when reading its balance fails on the way", async () => {
    const { owner, walletId } = await walletWithKey();
    double.faults.add({ match: { path: "/wallet/portfolio" }, fault: { kind: "reset" } });
    const remove = () => walletKind(client).remove(walletId, owner);
    await expect(remove()).rejects.toMatchObject({ code: "ambiguous" });
    expect(activeKeysOf(walletId)).toHaveLength(1);
    expect(activeKeysOf(walletId)[0]).toMatchObject({ permissions: { readOnly: true } });
    expect(await remove()).toMatchObject({ kind: "revoked-retained" });
    expect(activeKeysOf(walletId)).toEqual([]);
  });

  it("is absent only when the provider says so, never because a credential is refused", async () => {
    const { owner, walletId } = await walletWithKey();
    const denied = { code: "denied" };
    const other = walletKind(stranger());
    await expect(other.remove(walletId, owner)).rejects.toMatchObject(denied);
    await expect(other.find(owner)).rejects.toMatchObject(denied);
    await expect(other.create(owner)).rejects.toMatchObject(denied);
    await expect(other.list("cv-test-")).rejects.toMatchObject(denied);
    expect(await walletKind(client).remove("wlt_none", owner)).toEqual({ kind: "absent" });
  });

  it("is listed with all of its environment", async () => {
    const owner = newOwner();
    const { externalId } = await walletKind(client).create(owner);
    const listed = await walletKind(client).list("cv-test-");
    expect(listed).toContainEqual({ externalId, name: owner.name, createdAt: expect.any(Date) });
    expect(await walletKind(client).list("cv-other-")).toEqual([]);
  });

  it("cannot be reached without being in doubt when nobody listens", async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const nowhere = new BankrPartnerClient({ baseUrl, partnerKey: "any" });
    await expect(walletKind(nowhere).create(newOwner())).rejects.toMatchObject({ code: "transient" });
  });
});

describe("an instance's key to its wallet", () => {
  it.each([
    { mintNamesKeyId: false, listsRevokedKeys: true },
    { mintNamesKeyId: true, listsRevokedKeys: false },
  ])("opens the wallet, and nothing after it is removed, with %j", async (settings) => {
    await set(settings);
    const { owner, walletId, key } = await walletWithKey();
    const walletKey = walletKeyKind(client);
    expect(key.secret).toMatch(/^bk_usr_/);
    expect(await walletKey.find(owner)).toEqual([{ externalId: key.externalId }]);
    expect(activeKeysOf(walletId)).toMatchObject([
      { name: owner.name, permissions: { readOnly: false, walletApiEnabled: true, agentApiEnabled: true } },
    ]);
    const me = () => fetch(`${double.url}/wallet/me`, { headers: { "x-api-key": key.secret ?? "" } });
    expect((await me()).status).toBe(200);
    expect(await walletKey.remove(key.externalId, owner)).toEqual({ kind: "absent" });
    expect((await me()).status).toBe(401);
    expect(await walletKey.remove(key.externalId, owner)).toEqual({ kind: "absent" });
    expect(await walletKey.find(owner)).toEqual([]);
  });

  it("is told from an older one whose secret was lost, which is found and can be removed", async () => {
    const { owner, walletId, key } = await walletWithKey();
    const mint = { match: { method: "POST", path: "/api-keys$" } } as const;
    double.faults.add({ ...mint, fault: { kind: "reset" }, position: "after" });
    const walletKey = walletKeyKind(client);
    await expect(walletKey.create(owner)).rejects.toMatchObject({ code: "ambiguous" });
    const newer = await walletKey.create(owner);
    expect(await walletKey.find(owner)).toHaveLength(3);
    expect(newer.externalId).not.toBe(key.externalId);
    for (const { externalId } of await walletKey.find(owner)) {
      if (externalId !== newer.externalId) await walletKey.remove(externalId, owner);
    }
    expect(activeKeysOf(walletId).map(({ keyId }) => `${walletId}/${keyId}`)).toEqual([newer.externalId]);
  });

  it("stops at once when its rights are taken, and again", async () => {
    const { walletId, key } = await walletWithKey();
    await walletKeyKind(client).revoke?.(key.externalId);
    await walletKeyKind(client).revoke?.(key.externalId);
    expect(activeKeysOf(walletId)).toEqual([]);
  });

  it("is not absent while the provider still lists it as active", async () => {
    const { owner, key } = await walletWithKey();
    const deletion = { match: { method: "DELETE" }, times: 1 } as const;
    double.faults.add({ ...deletion, fault: { kind: "status", status: 404 } });
    await expect(walletKeyKind(client).remove(key.externalId, owner)).rejects.toMatchObject({
      code: "transient",
    });
    await expect(walletKeyKind(stranger()).remove(key.externalId, owner)).rejects.toMatchObject({
      code: "denied",
    });
    expect(await walletKeyKind(client).find(owner)).toHaveLength(1);
  });

  it("needs a wallet", async () => {
    await expect(walletKeyKind(client).create(newOwner())).rejects.toMatchObject({ code: "invalid" });
    expect(await walletKeyKind(client).find(newOwner())).toEqual([]);
    const nobody = newOwner(new Map([["wallet", "wlt_none"]]));
    await expect(walletKeyKind(client).create(nobody)).rejects.toMatchObject({ code: "invalid" });
  });

  it("is listed with its wallet's name while it is active", async () => {
    const { owner, key } = await walletWithKey();
    const listed = await walletKeyKind(client).list(owner.name);
    expect(listed).toEqual([{ externalId: key.externalId, name: owner.name }]);
  });
});

it("never asks for anything that moves money", async () => {
  const { owner, walletId, key } = await walletWithKey();
  await walletKeyKind(client).remove(key.externalId, owner);
  await walletKind(client).remove(walletId, owner);
  const posts = requests.filter((request) => request.startsWith("POST"));
  expect(posts.every((request) => /^POST \/partner\/wallets(\/[^/]+\/api-keys)?$/.test(request))).toBe(true);
  expect(requests.some((request) => request.includes("/wallet/portfolio"))).toBe(true);
});
