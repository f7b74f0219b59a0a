import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FULL, TestDouble } from "./testing.ts";

let test: TestDouble;
beforeEach(async () => {
  test = await TestDouble.start();
});
afterEach(() => test.close());

const TO = `0x${"2".repeat(40)}`;
const SEND = `Please send 5 USDC to ${TO} on base`;
const JOB_MS = 30_000;
const prompt = (key: string, text: string) => test.user(key, "POST", "/agent/prompt", { prompt: text });
const job = (key: string, id: unknown) => test.user(key, "GET", `/agent/job/${String(id)}`);
const cancel = (key: string, id: unknown) => test.user(key, "POST", `/agent/job/${String(id)}/cancel`);
const transactions = () => test.double.state().transactions;

describe("a prompt", () => {
  it("is a job that is pending, processing and completed, and does what it says at its end", async () => {
    const { key } = await test.wallet(FULL, { USDC: "20" });
    const accepted = await prompt(key, SEND);
    expect([accepted.status, accepted.at("status")]).toEqual([202, "pending"]);
    const id = accepted.at("jobId");
    expect((await job(key, id)).at("status")).toBe("pending");
    await test.advance(JOB_MS / 2);
    const working = await job(key, id);
    expect([working.at("status"), working.at("cancellable")]).toEqual(["processing", true]);
    expect(working.at("statusUpdates", 0, "message")).toEqual(expect.any(String));
    expect(transactions()).toEqual([]);
    await test.advance(JOB_MS);
    const done = await job(key, id);
    expect(done.at("status")).toBe("completed");
    expect(done.at("response")).toContain(transactions()[0]?.hash);
    expect(done.at("processingTime")).toBe(JOB_MS);
    await job(key, id);
    expect(transactions()).toMatchObject([{ kind: "transfer", amount: "5", token: "USDC", to: TO }]);
  });

  it("is exactly one transfer when it was taken and said otherwise; repeated it is two", async () => {
    const { key } = await test.wallet(FULL, { USDC: "20" });
    const match = { path: "/agent/prompt" };
    test.double.faults.add({ match, fault: { kind: "html" }, position: "after" });
    await expect(prompt(key, SEND)).rejects.toThrow();
    await test.advance(JOB_MS);
    expect(transactions()).toHaveLength(1);
    test.double.faults.add({ match, fault: { kind: "status", status: 500 } });
    expect((await prompt(key, SEND)).status).toBe(500);
    await prompt(key, SEND);
    await test.advance(JOB_MS);
    expect(transactions()).toHaveLength(2);
  });

  it("may fail or never end, moving nothing", async () => {
    const { key } = await test.wallet(FULL, { USDC: "20" });
    for (const name of ["jobFails", "jobNeverEnds"])
      test.double.faults.add({ match: { path: "/agent/prompt" }, fault: { kind: "provider", name } });
    const failing = await prompt(key, SEND);
    const endless = await prompt(key, SEND);
    await test.advance(3_600_000);
    const failed = await job(key, failing.at("jobId"));
    expect([failed.status, failed.at("status"), failed.at("error")]).toEqual([
      200,
      "failed",
      expect.any(String),
    ]);
    expect((await job(key, endless.at("jobId"))).at("status")).toBe("processing");
    expect((await cancel(key, endless.at("jobId"))).at("status")).toBe("cancelled");
    expect(transactions()).toEqual([]);
  });

  it("fails without the money and only talks with a key that may only read", async () => {
    const poor = await test.wallet(FULL);
    const reader = await test.wallet({ ...FULL, readOnly: true }, { USDC: "20" });
    const failing = await prompt(poor.key, SEND);
    const talking = await prompt(reader.key, SEND);
    await test.advance(JOB_MS);
    expect((await job(poor.key, failing.at("jobId"))).at("error")).toBe("Insufficient balance of USDC");
    expect((await job(reader.key, talking.at("jobId"))).at("response")).toContain("read-only");
    expect(transactions()).toEqual([]);
  });

  it("is cancelled before its end, twice if need be, and not after", async () => {
    const { key } = await test.wallet(FULL, { USDC: "20" });
    const first = await prompt(key, SEND);
    for (let n = 0; n < 2; n++) {
      const cancelled = await cancel(key, first.at("jobId"));
      expect([cancelled.status, cancelled.at("status")]).toEqual([200, "cancelled"]);
    }
    const second = await prompt(key, "What is the price of ETH?");
    await test.advance(JOB_MS);
    const late = await cancel(key, second.at("jobId"));
    expect([late.status, late.at("error")]).toEqual([400, "Job already completed"]);
    expect(transactions()).toEqual([]);
  });

  it("is one of a hundred in 24 hours from the first, whatever the key", async () => {
    const { id, key } = await test.wallet();
    const other = String((await test.partner("POST", `/${id}/api-keys`, { permissions: FULL })).at("apiKey"));
    await test.set({ promptsPerDay: 3 });
    for (const one of [key, key, other]) expect((await prompt(one, "hello")).status).toBe(202);
    const over = await prompt(other, "hello");
    expect([over.status, over.at("error")]).toEqual([429, "Daily limit exceeded"]);
    expect([over.at("limit"), over.at("used")]).toEqual([3, 3]);
    const waitMs = Number(over.at("resetAt")) - Date.now();
    expect(waitMs).toBeGreaterThan(23 * 3_600_000);
    await test.advance(waitMs + 1_000);
    expect((await prompt(key, "hello")).status).toBe(202);
  });

  it("needs a key with access to the agent, and few enough words", async () => {
    const { key } = await test.wallet({ ...FULL, agentApiEnabled: false });
    const refused = await prompt(key, "hello");
    expect([refused.status, refused.at("error")]).toEqual([403, "Agent API access not enabled"]);
    const able = await test.wallet();
    expect((await prompt(able.key, "x".repeat(10_001))).at("error")).toBe("Prompt too long");
    expect((await prompt(able.key, "")).status).toBe(400);
    expect((await prompt("bk_usr_none", "hello")).at("error")).toBe("Invalid API key");
    const bare = await test.call("POST", "/agent/prompt", {}, { prompt: "hello" });
    expect([bare.status, bare.at("error")]).toEqual([401, "Authentication required"]);
  });
});

it("shows a job to its own wallet only, and its words to nobody else", async () => {
  const mine = await test.wallet();
  const other = await test.wallet();
  const id = (await prompt(mine.key, "words of a person")).at("jobId");
  const foreign = await job(other.key, id);
  expect([foreign.status, foreign.at("error")]).toEqual([404, "Job not found"]);
  expect((await job(mine.key, id)).at("prompt")).toBe("words of a person");
  expect(JSON.stringify(test.double.state())).not.toContain("words of a person");
});
