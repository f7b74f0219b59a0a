import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FULL, TestDouble } from "./testing.ts";

let test: TestDouble;
beforeEach(async () => {
  test = await TestDouble.start();
});
afterEach(() => test.close());

const TO = `0x${"1".repeat(40)}`;
const USDC = "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913";
const transfer = (key: string, amount: string, more: Record<string, unknown> = {}) =>
  test.user(key, "POST", "/wallet/transfer", { recipientAddress: TO, tokenAddress: USDC, amount, ...more });
const balance = (id: string) => test.double.state().wallets.find((wallet) => wallet.id === id)?.balances;
const transactions = () => test.double.state().transactions;
const fault = (path: string, name: string) =>
  test.double.faults.add({ match: { path }, fault: { kind: "provider", name } });

describe("GET /wallet/portfolio", () => {
  it("gives exact decimal strings by chain, without what is worth less than a dollar unless asked", async () => {
    const { key, address } = await test.wallet({ readOnly: true }, { ETH: "0.5", USDC: "0.25" });
    const full = await test.user(key, "GET", "/wallet/portfolio?showLowValueTokens=true&chains=base");
    expect(full.status).toBe(200);
    expect(full.at("evmAddress")).toBe(address);
    expect(full.at("balances")).toMatchObject({
      base: {
        ...{ nativeBalance: "0.5", nativeUsd: "1250", total: "1250.25" },
        tokenBalances: [{ address: USDC, token: { balance: "0.25", balanceUSD: "0.25" } }],
      },
    });
    const filtered = await test.user(key, "GET", "/wallet/portfolio");
    expect(filtered.at("balances", "base")).toMatchObject({ tokenBalances: [], total: "1250" });
    expect(filtered.at("balances", "mainnet", "total")).toBe("0");
    expect((await test.user(key, "GET", "/wallet/portfolio?chains=moon")).status).toBe(400);
  });
});

describe("POST /wallet/transfer", () => {
  it("moves money once for each request: there is no idempotency", async () => {
    const { id, key } = await test.wallet(FULL, { USDC: "100", ETH: "0.2" });
    const sent = await transfer(key, "10.5");
    expect([sent.status, sent.at("status")]).toEqual([200, "success"]);
    expect(transactions()).toMatchObject([
      {
        kind: "transfer",
        token: "USDC",
        amount: "10.5",
        to: TO,
        hash: sent.at("transactionHash"),
        status: "success",
      },
    ]);
    await transfer(key, "10.5");
    await transfer(key, "0.1", { isNativeToken: true });
    expect(transactions()).toHaveLength(3);
    expect(balance(id)).toEqual({ "base:USDC": "79", "base:ETH": "0.1" });
    const short = { to: TO, token: "USDC", amount: "9", chain: "base" };
    expect((await test.user(key, "POST", "/wallet/transfer", short)).status).toBe(200);
  });

  it("is exactly one when it happened and the answer was lost", async () => {
    const { id, key } = await test.wallet(FULL, { USDC: "100" });
    const match = { path: "/wallet/transfer" };
    test.double.faults.add({ match, fault: { kind: "status", status: 504 }, position: "after" });
    expect((await transfer(key, "10")).status).toBe(504);
    expect(transactions()).toHaveLength(1);
    expect(balance(id)).toEqual({ "base:USDC": "90" });
    test.double.faults.add({ match, fault: { kind: "status", status: 500 } });
    expect((await transfer(key, "10")).status).toBe(500);
    expect(transactions()).toHaveLength(1);
  });

  it.each([
    [{ walletApiEnabled: true, readOnly: true }, "Read-only API key"],
    [{ walletApiEnabled: false, readOnly: false }, "Wallet API access not enabled"],
  ])("is refused to a key with %j", async (permissions, error) => {
    const { key } = await test.wallet(permissions, { USDC: "100" });
    const refused = await transfer(key, "1");
    expect([refused.status, refused.at("error")]).toEqual([403, error]);
    expect(transactions()).toEqual([]);
  });

  it("stays within the balance and the wallet's guards", async () => {
    const { key } = await test.wallet(FULL, { USDC: "1000" });
    expect((await transfer(key, "1000.5")).at("errorCode")).toBe("PER_TX_LIMIT_EXCEEDED");
    expect((await transfer(key, "400")).status).toBe(200);
    const over = await transfer(key, "101");
    expect([over.status, over.at("errorCode")]).toEqual([400, "DAILY_LIMIT_EXCEEDED"]);
    await test.advance(24 * 3_600_000);
    expect((await transfer(key, "101")).status).toBe(200);
    expect((await transfer(key, "499")).at("error")).toMatch(/^Above/);
    await test.set({ dailyUsd: 10_000, perTransactionUsd: 10_000 });
    expect((await transfer(key, "500")).at("error")).toBe("Insufficient balance of USDC");
    expect(transactions()).toHaveLength(2);
  });

  it.each([
    [{ amount: "-1" }],
    [{ amount: "1e3" }],
    [{ chain: "moon" }],
    [{ tokenAddress: TO }],
    [{ recipientAddress: "vitalik.eth" }],
  ])("refuses %j", async (wrong) => {
    const { key } = await test.wallet(FULL, { USDC: "100" });
    expect((await transfer(key, "1", wrong)).status).toBe(400);
    expect(transactions()).toEqual([]);
  });

  it("is one of ten writes a minute", async () => {
    const { key } = await test.wallet(FULL, { USDC: "100" });
    for (let n = 0; n < 10; n++) expect((await transfer(key, "1")).status).toBe(200);
    expect((await transfer(key, "1")).status).toBe(429);
    await test.advance(60_000);
    expect((await transfer(key, "1")).status).toBe(200);
  });
});

describe("POST /wallet/swap", () => {
  const wanted = { fromChain: "base", fromToken: "ETH", toChain: "base", toToken: "USDC", amount: "0.1" };
  const swap = (key: string, more: Record<string, unknown>) =>
    test.user(key, "POST", "/wallet/swap", { ...wanted, minBuyAmount: "240", ...more });

  it("is quoted, done, and under one idempotency key done once", async () => {
    const { id, key } = await test.wallet(FULL, { ETH: "1" });
    const quote = await test.user(key, "POST", "/wallet/swap-quote", wanted);
    expect(quote.at("buyAmount")).toBe("250");
    const idempotencyKey = randomUUID();
    const done = await swap(key, { idempotencyKey });
    expect([done.status, done.at("status"), done.at("buyAmount")]).toEqual([200, "success", "250"]);
    const again = await swap(key, { idempotencyKey });
    expect(again.at("transactionHash")).toBe(done.at("transactionHash"));
    expect(transactions()).toHaveLength(1);
    expect(balance(id)).toEqual({ "base:ETH": "0.9", "base:USDC": "250" });
    await swap(key, { idempotencyKey: randomUUID() });
    expect(transactions()).toHaveLength(2);
  });

  it("may be on the chain when it says 504, and is so under its key for ever", async () => {
    const { key } = await test.wallet(FULL, { ETH: "1" });
    fault("/wallet/swap$", "swapReceiptPending");
    const idempotencyKey = randomUUID();
    const first = await swap(key, { idempotencyKey });
    expect([first.status, first.at("error")]).toEqual([504, "receipt_pending"]);
    const again = await swap(key, { idempotencyKey });
    expect([again.status, again.at("transactionHash")]).toEqual([504, first.at("transactionHash")]);
    expect(transactions()).toHaveLength(1);
  });

  it("is not done while it is in flight, nor below the least amount", async () => {
    const { key } = await test.wallet(FULL, { ETH: "1" });
    fault("/wallet/swap$", "swapInFlight");
    const idempotencyKey = randomUUID();
    expect((await swap(key, { idempotencyKey })).at("error")).toBe("duplicate_request");
    expect((await swap(key, { idempotencyKey, minBuyAmount: "251" })).status).toBe(400);
    expect(transactions()).toEqual([]);
    expect((await swap(key, { idempotencyKey })).status).toBe(200);
  });
});

describe("POST /wallet/submit and /wallet/sign", () => {
  const submit = (key: string, more: Record<string, unknown> = {}) =>
    test.user(key, "POST", "/wallet/submit", {
      transaction: { to: TO, chainId: 8453, value: "100000000000000000" },
      ...more,
    });

  it("broadcasts what it is given", async () => {
    const { id, key } = await test.wallet(FULL, { ETH: "1" });
    const sent = await submit(key);
    expect([sent.status, sent.at("status")]).toEqual([200, "success"]);
    expect(balance(id)).toEqual({ "base:ETH": "0.9" });
    expect((await submit(key, { waitForConfirmation: false })).at("status")).toBe("pending");
  });

  it("may be reverted, which is on the chain and moves nothing, or stay pending", async () => {
    const { id, key } = await test.wallet(FULL, { ETH: "1" });
    fault("/wallet/submit", "submitReverted");
    const reverted = await submit(key);
    expect([reverted.status, reverted.at("status")]).toEqual([400, "reverted"]);
    expect(balance(id)).toEqual({ "base:ETH": "1" });
    fault("/wallet/submit", "submitPending");
    expect((await submit(key)).at("status")).toBe("pending");
    expect(transactions().map(({ status }) => status)).toEqual(["reverted", "pending"]);
  });

  it("names the guard that refuses", async () => {
    const { key } = await test.wallet(FULL, { ETH: "1" });
    const refused = await submit(key, {
      transaction: { to: TO, chainId: 8453, value: "300000000000000000" },
    });
    expect([refused.status, refused.at("errorCode")]).toEqual([403, "PER_TX_LIMIT_EXCEEDED"]);
    expect((await submit(key, { transaction: { to: TO, chainId: 7 } })).status).toBe(400);
  });

  it("signs with the wallet's address", async () => {
    const { key, address } = await test.wallet();
    const signed = await test.user(key, "POST", "/wallet/sign", {
      signatureType: "personal_sign",
      message: "hi",
    });
    expect([signed.status, signed.at("signer")]).toEqual([200, address]);
    expect((await test.user(key, "POST", "/wallet/sign", { signatureType: "other" })).status).toBe(400);
  });
});

it("has none of the paths that were removed", async () => {
  const { key } = await test.wallet();
  for (const path of ["/agent/me", "/agent/balances"])
    expect((await test.user(key, "GET", path)).status).toBe(404);
  for (const path of ["/agent/sign", "/agent/submit"])
    expect((await test.user(key, "POST", path, {})).status).toBe(404);
});
