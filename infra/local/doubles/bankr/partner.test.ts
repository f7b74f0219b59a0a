import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestDouble } from "./testing.ts";

let test: TestDouble;
beforeEach(async () => {
  test = await TestDouble.start();
});
afterEach(() => test.close());

describe("POST /partner/wallets", () => {
  it("answers 201 with a key and a mixed-case address, a repetition 200 without a key and in lower case", async () => {
    const body = { idempotencyKey: "cv-test-1", wallet: { solana: false }, apiKey: { permissions: {} } };
    const made = await test.partner("POST", "", body);
    expect(made.status).toBe(201);
    expect(made.at("id")).toMatch(/^wlt_/);
    expect(made.at("apiKey")).toMatch(/^bk_usr_/);
    const again = await test.partner("POST", "", body);
    expect([again.status, again.at("id"), again.at("apiKey")]).toEqual([200, made.at("id"), undefined]);
    expect(again.at("evmAddress")).not.toBe(made.at("evmAddress"));
    expect(again.at("evmAddress")).toBe(String(made.at("evmAddress")).toLowerCase());
    expect(test.double.state().wallets).toHaveLength(1);
    await test.set({ replayStatus: 409 });
    expect((await test.partner("POST", "", body)).status).toBe(409);
  });

  it("makes another wallet each time without an idempotency key, and none beyond the organisation's number", async () => {
    await test.set({ maxWallets: 2 });
    for (const status of [201, 201, 403]) expect((await test.partner("POST", "", {})).status).toBe(status);
    expect(test.double.state().keys).toEqual([]);
  });

  it("makes ten a minute", async () => {
    for (let n = 0; n < 10; n++) expect((await test.partner("POST", "", {})).status).toBe(201);
    const eleventh = await test.partner("POST", "", {});
    expect([eleventh.status, eleventh.at("error")]).toEqual([429, "Rate limit exceeded"]);
    await test.advance(60_000);
    expect((await test.partner("POST", "", {})).status).toBe(201);
  });

  it.each([
    [{ idempotencyKey: "x".repeat(129) }],
    [{ idempotencyKey: 1 }],
    [{ apiKey: { name: "x".repeat(65) } }],
  ])("refuses %j", async (body) => {
    expect((await test.partner("POST", "", body)).status).toBe(400);
    expect(test.double.state().wallets).toEqual([]);
  });

  it("is the partner's alone", async () => {
    const none = await test.call("POST", "/partner/wallets", {}, {});
    expect([none.status, none.at("error")]).toEqual([401, "Partner API key required"]);
    const wrong = await test.call("GET", "/partner/wallets", { "x-partner-key": "bk_ptr_other" });
    expect(wrong.status).toBe(401);
    const { key } = await test.wallet();
    expect((await test.user(key, "GET", "/partner/wallets")).status).toBe(401);
  });
});

describe("a wallet's keys", () => {
  it("are made, listed, changed and revoked; a secret is shown once", async () => {
    const { id, address, key } = await test.wallet();
    const minted = await test.partner("POST", `/${address}/api-keys`, { name: "second" });
    const secret = String(minted.at("apiKey"));
    expect([minted.status, minted.at("keyId")]).toEqual([201, undefined]);
    const listed = await test.partner("GET", `/${id.toLowerCase()}/api-keys`);
    expect(listed.at("apiKeys", 1)).toMatchObject({
      name: "second",
      isActive: true,
      permissions: { readOnly: true },
    });
    expect(JSON.stringify([listed.at("apiKeys"), test.double.state()])).not.toContain(secret);
    expect((await test.user(secret, "GET", "/wallet/me")).status).toBe(200);
    const keyId = String(listed.at("apiKeys", 1, "keyId"));
    const change = { permissions: { readOnly: false } };
    expect((await test.partner("PATCH", `/${id}/api-keys/${keyId}`, change)).status).toBe(200);
    expect((await test.partner("DELETE", `/${id}/api-keys/${keyId}`)).status).toBe(200);
    expect((await test.user(secret, "GET", "/wallet/me")).status).toBe(401);
    expect((await test.user(key, "GET", "/wallet/me")).status).toBe(200);
    expect((await test.partner("GET", `/${id}/api-keys`)).at("apiKeys", 1, "isActive")).toBe(false);
    await test.set({ listsRevokedKeys: false });
    expect((await test.partner("GET", `/${id}/api-keys`)).at("apiKeys", 1)).toBeUndefined();
    expect((await test.partner("DELETE", `/${id}/api-keys/${keyId}`)).status).toBe(404);
  });

  it("are at most thirty, and of a wallet that there is", async () => {
    const { id } = await test.wallet();
    for (let n = 1; n < 30; n++) await test.partner("POST", `/${id}/api-keys`, {});
    const over = await test.partner("POST", `/${id}/api-keys`, {});
    expect([over.status, over.at("error")]).toEqual([400, "API key limit reached"]);
    for (const path of ["/wlt_none", "/wlt_none/api-keys"]) {
      expect((await test.partner("GET", path)).status).toBe(404);
    }
  });
});

it("keeps wallets, keys, money and the clock in its folder, and no secret", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "convos-bankr-"));
  try {
    const first = await TestDouble.start({ dataDir });
    const { id, key } = await first.wallet(undefined, { USDC: "5" });
    await first.advance(3_600_000);
    const before = first.double.state();
    await first.close();
    const second = await TestDouble.start({ dataDir });
    expect(second.double.state()).toEqual(before);
    expect((await second.user(key, "GET", "/wallet/portfolio")).at("balances", "base", "total")).toBe("5");
    expect((await second.partner("GET", `/${id}`)).at("id")).toBe(id);
    await second.close();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
