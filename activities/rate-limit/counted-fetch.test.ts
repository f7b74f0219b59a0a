import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestRegistry, type TestRegistry } from "../../infra/testing/registry.ts";
import { openDatabase } from "../registry/database.ts";
import type { Budget } from "./budget.ts";
import { countedFetch } from "./counted-fetch.ts";

let registry: TestRegistry;
let server: Server;
let url: string;
/** When each request arrived, in ms. */
let arrived: number[];
let answer: { status: number; headers?: Record<string, string> };
let accounts = 0;

beforeAll(async () => {
  registry = await startTestRegistry();
  server = createServer((_request, response) => {
    arrived.push(performance.now());
    response.writeHead(answer.status, answer.headers).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}/`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await registry[Symbol.asyncDispose]();
});
beforeEach(() => {
  arrived = [];
  answer = { status: 200 };
});

const db = () => registry.registry.db;
const budget = (capacity: number, refillPerSecond: number): Budget => ({
  ...{ account: `fetched-${accounts++}`, bucket: "requests", capacity, refillPerSecond },
});
const rowOf = ({ account }: Budget) =>
  db().selectFrom("provider_budgets").selectAll().where("account", "=", account).executeTakeFirstOrThrow();

test("requests wait for their token, in order and at the budget's rate", async () => {
  const one = budget(2, 20);
  const fetch = countedFetch(db(), one);
  const done: number[] = [];
  const started = performance.now();
  await Promise.all([...Array(6).keys()].map((n) => fetch(url).then(() => done.push(n))));
  expect(done).toEqual([0, 1, 2, 3, 4, 5]);
  expect(performance.now() - started).toBeGreaterThanOrEqual(190);
  expect(await rowOf(one)).toMatchObject({ taken: "6", refused: "0" });
});

test("a request that would wait too long is refused with the time to wait, and never sent", async () => {
  const one = budget(1, 0.01);
  const fetch = countedFetch(db(), one, { maxWaitMs: 50 });
  await fetch(url);
  const refused = fetch(url);
  await expect(refused).rejects.toMatchObject({ code: "throttled" });
  const waitMs = await refused.catch(({ retryAfterMs }) => retryAfterMs);
  expect(waitMs).toBeGreaterThan(90_000);
  expect(waitMs).toBeLessThanOrEqual(100_000);
  expect(arrived).toHaveLength(1);
  expect(await rowOf(one)).toMatchObject({ taken: "1", refused: "1" });
});

test("a caller that gives up while it waits is told that nothing was sent", async () => {
  const one = budget(1, 0.2);
  const fetch = countedFetch(db(), one);
  await fetch(url);
  const started = performance.now();
  await expect(fetch(url, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: "throttled" });
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(arrived).toHaveLength(1);
});

test.each([
  { status: 429, headers: { "retry-after": "30" }, blockedMs: 30_000 },
  { status: 429, headers: {}, blockedMs: 2_000 },
  { status: 503, headers: { "retry-after": "9" }, blockedMs: 9_000 },
])("a $status with $headers is handed on, not repeated, and stops everybody", async (said) => {
  const one = budget(5, 5);
  answer = said;
  const before = Date.now();
  expect((await countedFetch(db(), one)(url)).status).toBe(said.status);
  const { blocked_until: blockedUntil, throttled } = await rowOf(one);
  expect(throttled).toBe("1");
  expect(Math.abs((blockedUntil?.getTime() ?? 0) - before - said.blockedMs)).toBeLessThan(2_000);
  const another = countedFetch(db(), one, { maxWaitMs: 100 });
  await expect(another(url)).rejects.toMatchObject({ code: "throttled" });
  expect(arrived).toHaveLength(1);
});

test("other failures block nobody", async () => {
  const one = budget(5, 5);
  for (const status of [503, 500, 403]) {
    answer = { status };
    await countedFetch(db(), one)(url);
  }
  expect(await rowOf(one)).toMatchObject({ throttled: "0", blocked_until: null, taken: "3" });
});

test("without a database nothing is sent", async () => {
  const gone = openDatabase("postgresql://nobody@127.0.0.1:1/none", {
    maxConnections: 1,
    onError: () => undefined,
  });
  await expect(countedFetch(gone, budget(1, 1))(url)).rejects.toMatchObject({ code: "transient" });
  await gone.destroy();
  expect(arrived).toEqual([]);
});
