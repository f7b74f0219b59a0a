import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestDouble } from "./testing.ts";

const DAY_MS = 24 * 3_600_000;
const LONG = "word ".repeat(4_000);

let test: TestDouble;
beforeEach(async () => {
  test = await TestDouble.start();
});
afterEach(() => test.close());

const messageOf = async (secret: string, fields = {}): Promise<[number, unknown]> => {
  const answer = await test.chat(secret, "hi", fields);
  return [answer.status, answer.at("error", "message")];
};

describe("billing", () => {
  it("charges key and account what usage.cost says", async () => {
    const { hash, secret } = await test.createKey({ limit: 1 });
    const answer = await test.chat(secret, LONG);
    const cost = Number(answer.at("usage", "cost"));
    expect(cost).toBeGreaterThan(0.01);
    const key = (await test.manage("GET", `/keys/${hash}`)).at("data");
    expect(key).toMatchObject({ usage: cost, usage_daily: cost, usage_weekly: cost, usage_monthly: cost });
    expect(Object(key).limit_remaining).toBeCloseTo(1 - cost, 9);
    const credits = (await test.manage("GET", "/credits")).at("data");
    expect(credits).toEqual({ total_credits: 1_000, total_usage: cost });
  });

  it("keeps what a deleted key has spent on the account", async () => {
    const { hash, secret } = await test.createKey();
    await test.chat(secret, "hi");
    await test.manage("DELETE", `/keys/${hash}`);
    expect((await test.manage("GET", "/credits")).at("data", "total_usage")).toBeGreaterThan(0);
  });

  it("does not charge a free model", async () => {
    const { secret } = await test.createKey({ limit: 0 });
    const answer = await test.chat(secret, "hi", { model: "meta-llama/llama-3.3-70b-instruct:free" });
    expect([answer.status, answer.at("usage", "cost")]).toEqual([200, 0]);
  });

  it("charges although the client saw a failure", async () => {
    const { secret } = await test.createKey();
    test.double.faults.add({ match: { path: "completions" }, fault: { kind: "reset" }, position: "after" });
    await expect(test.chat(secret, "hi")).rejects.toThrow();
    expect(test.double.state().spentUsd).toBeGreaterThan(0);
  });
});

describe("a key's limit", () => {
  it.each([
    [undefined, "total"],
    ["daily", "daily"],
    ["weekly", "weekly"],
    ["monthly", "monthly"],
  ])("reset %s: 403 naming the %s limit, until it is raised", async (reset, window) => {
    const { hash, secret } = await test.createKey({ limit: 0.01, limit_reset: reset ?? null });
    expect((await test.chat(secret, LONG)).status).toBe(200);
    expect(await messageOf(secret)).toEqual([
      403,
      `Key limit exceeded (${window} limit). Manage it using https://openrouter.ai/settings/keys`,
    ]);
    await test.manage("PATCH", `/keys/${hash}`, { limit: 20.01 });
    expect((await messageOf(secret))[0]).toBe(200);
  });

  it("answers 402 instead when set so", async () => {
    await test.set({ keyLimitStatus: 402 });
    const { secret } = await test.createKey({ limit: 0 });
    const answer = await test.chat(secret, "hi");
    expect([answer.status, answer.at("error", "code")]).toEqual([402, 402]);
    expect(answer.at("error", "metadata", "error_type")).toBe("payment_required");
  });

  it("resets each month by the clock; the lifetime usage does not", async () => {
    const { hash, secret } = await test.createKey({ limit: 0.01, limit_reset: "monthly" });
    await test.chat(secret, LONG);
    expect((await messageOf(secret))[0]).toBe(403);
    await test.advance(32 * DAY_MS);
    const key = (await test.manage("GET", `/keys/${hash}`)).at("data");
    expect(key).toMatchObject({ limit_remaining: 0.01, usage_monthly: 0, usage_daily: 0 });
    expect(Object(key).usage).toBeGreaterThan(0.01);
    expect((await messageOf(secret))[0]).toBe(200);
  });

  it("does not reset without limit_reset", async () => {
    const { secret } = await test.createKey({ limit: 0.01 });
    await test.chat(secret, LONG);
    await test.advance(400 * DAY_MS);
    expect((await messageOf(secret))[0]).toBe(403);
  });

  it("reserves max_tokens: 402 tells how many it can afford", async () => {
    const { secret } = await test.createKey({ limit: 0.015, limit_reset: "monthly" });
    const [status, message] = await messageOf(secret, { max_tokens: 64_000 });
    expect(status).toBe(402);
    expect(message).toMatch(
      /^This request requires more credits, or fewer max_tokens\. You requested up to 64000 tokens, but can only afford 1000\. .*higher monthly limit$/,
    );
    expect((await messageOf(secret, { max_tokens: 900 }))[0]).toBe(200);
  });

  it("lags and so can be overshot", async () => {
    await test.set({ usageLagMs: 60_000 });
    const { hash, secret } = await test.createKey({ limit: 0.01 });
    const both = await Promise.all([test.chat(secret, LONG), test.chat(secret, LONG)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect((await test.manage("GET", `/keys/${hash}`)).at("data")).toMatchObject({
      usage: 0,
      limit_remaining: 0.01,
    });
    await test.advance(61_000);
    const key = (await test.manage("GET", `/keys/${hash}`)).at("data");
    expect(Object(key).usage).toBeGreaterThan(0.02);
    expect(Object(key).limit_remaining).toBe(0);
    expect((await messageOf(secret))[0]).toBe(403);
  });
});

describe("the account's balance", () => {
  it("refuses everyone with 402 when it is empty", async () => {
    await test.set({ totalCreditsUsd: 0 });
    const { secret } = await test.createKey({ limit: 20 });
    const [status, message] = await messageOf(secret);
    expect(status).toBe(402);
    expect(message).toMatch(/^Insufficient credits/);
    await test.set({ totalCreditsUsd: 5 });
    expect((await messageOf(secret))[0]).toBe(200);
  });

  it("refuses more max_tokens than it affords", async () => {
    await test.set({ totalCreditsUsd: 0.15 });
    const { secret } = await test.createKey({ limit: 20 });
    const [status, message] = await messageOf(secret, { max_completion_tokens: 20_000 });
    expect(status).toBe(402);
    expect(message).toMatch(/can only afford 10000\. .*settings\/credits/);
  });

  it("is not topped up by crypto any more", async () => {
    const answer = await test.manage("POST", "/credits/coinbase", { amount: 20 });
    expect([answer.status, answer.at("error", "code")]).toEqual([410, 410]);
    expect(answer.at("error", "message")).toMatch(/Coinbase APIs .* deprecated/);
  });
});

describe("a key that may not be used", () => {
  it.each(["disabled", "deleted", "expired"])("%s: 401 User not found.", async (why) => {
    const expires = why === "expired" ? { expires_at: new Date(Date.now() + DAY_MS).toISOString() } : {};
    const { hash, secret } = await test.createKey(expires);
    expect((await messageOf(secret))[0]).toBe(200);
    if (why === "disabled") await test.manage("PATCH", `/keys/${hash}`, { disabled: true });
    else if (why === "deleted") await test.manage("DELETE", `/keys/${hash}`);
    else await test.advance(2 * DAY_MS);
    expect(await messageOf(secret)).toEqual([401, "User not found."]);
    expect((await test.call("GET", "/key", secret)).status).toBe(401);
  });

  it("works again once enabled", async () => {
    const { hash, secret } = await test.createKey();
    await test.manage("PATCH", `/keys/${hash}`, { disabled: true });
    await test.manage("PATCH", `/keys/${hash}`, { disabled: false });
    expect((await messageOf(secret))[0]).toBe(200);
  });
});
