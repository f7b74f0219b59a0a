import { createServer } from "node:http";
import { afterEach, expect, it } from "vitest";
import { openLoop } from "./load.ts";

/** A gateway that takes every claim in at once and serves it when it is asked again, the first one only then. */
const STALL_MS = 150;
const seen = new Map<string, number>();
const server = createServer((request, response) => {
  const key = String(request.headers["idempotency-key"]);
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  request.resume();
  const answer = (status: number) => response.writeHead(status).end("{}");
  if (key.endsWith("refused-0")) answer(503);
  else if (times === 1) answer(202);
  else setTimeout(() => answer(200), STALL_MS);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it("reads both clocks, lets no claim wait for another, and keeps what was refused", async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  const target = { apiUrl: `http://127.0.0.1:${address.port}`, apiKey: "key" };
  const started = performance.now();
  const samples = await openLoop(target, "served", [0, 10, 20, 30], "two");
  expect(performance.now() - started).toBeLessThan(4 * STALL_MS);
  for (const { acknowledgedMs = Number.NaN, liveMs = Number.NaN, failure } of samples) {
    expect(liveMs).toBeGreaterThanOrEqual(acknowledgedMs + STALL_MS * 0.9);
    expect(failure).toBeUndefined();
  }
  const [refused] = await openLoop(target, "refused", [0], "two");
  expect(refused).toMatchObject({ acknowledgedMs: undefined, liveMs: undefined, failure: "503" });
});
