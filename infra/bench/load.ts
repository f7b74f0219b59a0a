import { setTimeout as delay } from "node:timers/promises";
import { claimOnce, type Target } from "./claim-request.ts";
import type { Sample } from "./samples.ts";

const WAIT_MS = 60_000;
const SERVED = 200;
const ACCEPTED = 202;

/** One claim after the other, each in one request that waits for its agent. */
export async function sequential(target: Target, prefix: string, n: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const started = performance.now();
  for (let index = 0; index < n; index++) {
    const dueMs = performance.now() - started;
    const status = await claimOnce(target, `${prefix}-${index}`, WAIT_MS);
    samples.push(sampleOf({ dueMs, lateMs: 0, acknowledgedMs: undefined }, status, started));
  }
  return samples;
}

/**
 * Open loop on an absolute schedule: no claim waits for another, and a late start counts from the time it was due, so a
 * stall shows in the numbers instead of slowing the load down. With `one` clock a claim is one request that waits; with
 * `two` the first request does not wait and a second one with the same key does.
 */
export async function openLoop(
  target: Target,
  prefix: string,
  dueTimesMs: readonly number[],
  clocks: "one" | "two",
): Promise<Sample[]> {
  const started = performance.now();
  return Promise.all(
    dueTimesMs.map(async (dueMs, index) => {
      await delay(Math.max(0, started + dueMs - performance.now()));
      const lateMs = Math.max(0, performance.now() - started - dueMs);
      const key = `${prefix}-${index}`;
      if (clocks === "one") {
        const status = await claimOnce(target, key, WAIT_MS);
        return sampleOf({ dueMs, lateMs, acknowledgedMs: undefined }, status, started);
      }
      const first = await claimOnce(target, key, 0);
      const isTaken = first === SERVED || first === ACCEPTED;
      const acknowledgedMs = isTaken ? performance.now() - started - dueMs : undefined;
      const last = first === ACCEPTED ? await claimOnce(target, key, WAIT_MS) : first;
      return sampleOf({ dueMs, lateMs, acknowledgedMs }, last, started);
    }),
  );
}

function sampleOf(
  begun: Pick<Sample, "dueMs" | "lateMs" | "acknowledgedMs">,
  status: number | string,
  started: number,
): Sample {
  const liveMs = status === SERVED ? performance.now() - started - begun.dueMs : undefined;
  return { ...begun, liveMs, failure: status === SERVED ? undefined : String(status) };
}
