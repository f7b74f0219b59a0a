import { afterAll, beforeAll, expect, test } from "vitest";
import { PlatformError } from "../../domain/errors.ts";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { openDatabase } from "../registry/database.ts";
import { type Budget, budgetOf } from "./budget.ts";
import {
  AGENTMAIL_BUDGET,
  BANKR_BUDGET,
  BANKR_WALLET_CREATE,
  OPENROUTER_BUDGET,
  RAILWAY_BUDGET,
  RAILWAY_PROJECT_CREATE,
  TELNYX_BUDGET,
} from "./default-budgets.ts";
import { recordThrottled, takeOrThrow, takeToken } from "./take-token.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const START = Date.parse("2026-01-01T00:00:00Z");
const at = (ms: number): Date => new Date(START + ms);
let accounts = 0;
const budget = (rate: Partial<Budget> = {}): Budget => ({
  ...{ account: `account-${accounts++}`, bucket: "requests", capacity: 3, refillPerSecond: 2 },
  ...rate,
});
const db = () => registry.registry.db;
const rowOf = ({ account, bucket }: Budget) =>
  db()
    .selectFrom("provider_budgets")
    .selectAll()
    .where("account", "=", account)
    .where("bucket", "=", bucket)
    .executeTakeFirstOrThrow();

test("a full bucket gives its capacity at once, then says how long a token takes", async () => {
  const one = budget();
  for (let n = 0; n < 3; n++) expect(await takeToken(db(), one, { now: at(0) })).toEqual({ granted: true });
  expect(await takeToken(db(), one, { now: at(0) })).toEqual({ granted: false, waitMs: 500 });
  expect(await takeToken(db(), one, { now: at(499) })).toEqual({ granted: false, waitMs: 1 });
  expect(await takeToken(db(), one, { now: at(500) })).toEqual({ granted: true });
  expect(await rowOf(one)).toMatchObject({ tokens: 0, taken: "4" });
});

test("a bucket never holds more than its capacity, and a clock that goes back fills nothing", async () => {
  const one = budget();
  await takeToken(db(), one, { cost: 3, now: at(0) });
  expect(await takeToken(db(), one, { cost: 3, now: at(3_600_000) })).toEqual({ granted: true });
  expect(await takeToken(db(), one, { now: at(3_600_000) })).toEqual({ granted: false, waitMs: 500 });
  expect(await takeToken(db(), one, { now: at(0) })).toEqual({ granted: false, waitMs: 500 });
  await expect(takeToken(db(), one, { cost: 4 })).rejects.toThrow(RangeError);
});

test("between two takings is the gap, however full the bucket", async () => {
  const one = budget({ capacity: 100, minGapMs: 110 });
  expect(await takeToken(db(), one, { now: at(0) })).toEqual({ granted: true });
  expect(await takeToken(db(), one, { now: at(10) })).toEqual({ granted: false, waitMs: 100 });
  expect(await takeToken(db(), one, { now: at(110) })).toEqual({ granted: true });
});

test("a changed rate holds from the next token on", async () => {
  const one = budget();
  await takeToken(db(), one, { now: at(0) });
  await takeToken(db(), { ...one, capacity: 1, refillPerSecond: 0.1 }, { now: at(0) });
  expect(await rowOf(one)).toMatchObject({ capacity: 1, refill_per_second: 0.1, tokens: 0 });
  expect(await takeToken(db(), one, { now: at(0) })).toEqual({ granted: false, waitMs: 10_000 });
});

test("workers that share a bucket never exceed its rate", async () => {
  const one = budget({ capacity: 5, refillPerSecond: 40 });
  const other = openDatabase(registry.url, { maxConnections: 8, onError: (error) => console.error(error) });
  const started = performance.now();
  const until = started + 500;
  let granted = 0;
  const work = async (database: typeof other): Promise<void> => {
    while (performance.now() < until) if ((await takeToken(database, one)).granted) granted += 1;
  };
  await Promise.all([...Array(6).keys()].map((n) => work(n % 2 === 0 ? db() : other)));
  const seconds = (performance.now() - started) / 1000;
  await other.destroy();
  expect(granted).toBeGreaterThanOrEqual(5 + 10);
  expect(granted).toBeLessThanOrEqual(5 + 40 * seconds);
  expect(await rowOf(one)).toMatchObject({ taken: String(granted) });
});

test("many at once on a new bucket get its capacity and no more", async () => {
  const one = budget({ capacity: 7, refillPerSecond: 0.001 });
  const answers = await Promise.all([...Array(40)].map(() => takeToken(db(), one)));
  expect(answers.filter(({ granted }) => granted)).toHaveLength(7);
});

test("of eight project creates at once one is let through every 31 s", async () => {
  const { name, rate } = RAILWAY_PROJECT_CREATE;
  const waiting = new Set([...Array(8).keys()]);
  const grantedAtSeconds: number[] = [];
  for (let second = 0; waiting.size > 0 && second < 400; second++) {
    const attempts = [...waiting].map(async (project) => {
      try {
        await takeOrThrow(db(), name, rate, { now: at(second * 1000) });
        waiting.delete(project);
        grantedAtSeconds.push(second);
      } catch (error) {
        expect(error).toBeInstanceOf(PlatformError);
        expect(error).toMatchObject({ code: "throttled", detail: expect.stringContaining(name) });
        if (second % 31 === 0) expect(error).toMatchObject({ retryAfterMs: 31_000 });
      }
    });
    await Promise.all(attempts);
  }
  expect(grantedAtSeconds).toEqual([0, 31, 62, 93, 124, 155, 186, 217]);
  expect((await rowOf(budgetOf(name, rate))).taken).toBe("8");
  expect(Number((await rowOf(budgetOf(name, rate))).refused)).toBeGreaterThan(100);
});

test("what the provider says about too many requests holds for everybody, the longest time of all", async () => {
  const one = budget();
  await takeToken(db(), one, { now: at(0) });
  await recordThrottled(db(), one, 7_000, at(0));
  await recordThrottled(db(), one, 2_000, at(0));
  expect(await takeToken(db(), one, { now: at(1_000) })).toEqual({ granted: false, waitMs: 6_000 });
  expect(await takeToken(db(), one, { now: at(7_000) })).toEqual({ granted: true });
  expect(await rowOf(one)).toMatchObject({ throttled: "2", blocked_until: at(7_000) });
});

test("the name of a bucket is an account and a bucket", () => {
  const rate = { capacity: 1, refillPerSecond: 1 };
  expect(budgetOf("railway/project-create", rate)).toEqual({
    ...rate,
    account: "railway",
    bucket: "project-create",
  });
  expect(() => budgetOf("a/b/c", rate)).toThrow(RangeError);
  expect(() => budgetOf("/b", rate)).toThrow(RangeError);
});

test("the budgets stay within what the providers document", () => {
  const most = (
    { capacity, refillPerSecond }: { capacity: number; refillPerSecond: number },
    seconds: number,
  ) => capacity + refillPerSecond * seconds;
  expect(most(RAILWAY_BUDGET, 3600)).toBeLessThanOrEqual(1_000);
  expect(1_000 / (RAILWAY_BUDGET.minGapMs ?? 0)).toBeLessThan(10);
  expect(most(RAILWAY_PROJECT_CREATE.rate, 29.9)).toBeLessThan(2);
  expect(OPENROUTER_BUDGET.capacity).toBeLessThanOrEqual(5);
  expect(most(BANKR_BUDGET, 60)).toBeLessThanOrEqual(120);
  expect(most(BANKR_WALLET_CREATE.rate, 60)).toBeLessThanOrEqual(10);
  const all = [RAILWAY_BUDGET, OPENROUTER_BUDGET, AGENTMAIL_BUDGET, TELNYX_BUDGET, BANKR_BUDGET];
  expect(new Set(all.map(({ account }) => account)).size).toBe(all.length);
});
