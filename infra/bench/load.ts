import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type Summary, summarize } from "./percentiles.ts";

export interface Target {
  apiUrl: string;
  apiKey: string;
}

const REQUEST_TIMEOUT_MS = 60_000;
const agent = new Agent({ keepAlive: true, maxSockets: 512 });

/** One claim, from the first byte sent to the last byte read. Resolves with the milliseconds, or undefined if refused. */
function claimOnce(target: Target, key: string): Promise<number | undefined> {
  const body = JSON.stringify({ instructions: "You are our trip planner", waitMs: 30_000 });
  const started = performance.now();
  return new Promise((resolve) => {
    const sent = request(
      `${target.apiUrl}/api/pool/claim`,
      {
        method: "POST",
        agent,
        timeout: REQUEST_TIMEOUT_MS,
        headers: {
          authorization: `Bearer ${target.apiKey}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "idempotency-key": key,
        },
      },
      (response) => {
        response.resume();
        response.once("end", () =>
          resolve(response.statusCode === 200 ? performance.now() - started : undefined),
        );
      },
    );
    sent.once("error", () => resolve(undefined));
    sent.end(body);
  });
}

/** One claim after the other. */
export async function sequential(target: Target, prefix: string, n: number): Promise<Summary> {
  const results: (number | undefined)[] = [];
  for (let index = 0; index < n; index++) results.push(await claimOnce(target, `${prefix}-${index}`));
  return summaryOf(results);
}

/**
 * Open loop: Poisson arrivals on a schedule drawn beforehand. No claim waits for another, and a late start counts
 * from the time it was due, so a stall shows in the numbers instead of slowing the load down.
 */
export async function poisson(
  target: Target,
  prefix: string,
  load: { perSecond: number; seconds: number },
): Promise<Summary & { windowsP50: number[] }> {
  const random = seeded(42);
  const dueMs: number[] = [];
  for (let at = 0; at < load.seconds * 1000; ) {
    at += (-Math.log(1 - random()) / load.perSecond) * 1000;
    dueMs.push(at);
  }
  const started = performance.now();
  const results = await Promise.all(
    dueMs.map(async (due, index) => {
      await delay(Math.max(0, started + due - performance.now()));
      const lateMs = performance.now() - started - due;
      const latency = await claimOnce(target, `${prefix}-${index}`);
      return latency === undefined ? undefined : latency + Math.max(0, lateMs);
    }),
  );
  const windowsP50: number[] = [];
  for (let from = 0; from < load.seconds * 1000; from += WINDOW_MS) {
    const inWindow = results.filter((_, index) => {
      const due = dueMs[index] ?? 0;
      return due >= from && due < from + WINDOW_MS;
    });
    windowsP50.push(summaryOf(inWindow).p50);
  }
  return { ...summaryOf(results), windowsP50 };
}

const WINDOW_MS = 10_000;

function summaryOf(results: readonly (number | undefined)[]): Summary {
  const served = results.filter((result) => result !== undefined);
  return summarize(served, results.length - served.length);
}

/** Mulberry32: the same arrivals in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
