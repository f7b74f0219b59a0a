import { setTimeout as delay } from "node:timers/promises";
import { countPool } from "../../activities/registry/read-pool.ts";
import type { TestPlatform } from "../testing/platform.ts";

const LOOK_MS = 200;

/** The most that was ever seen of what the pool bounds. */
export interface Maxima {
  starting: number;
  /** Idle and starting ones. */
  supply: number;
  waiting: number;
  looks: number;
}

/** Counts the pool again and again until `signal` is aborted. While Postgres is away there is nothing to see. */
export async function watchMaxima({ registry, pool }: TestPlatform, signal: AbortSignal): Promise<Maxima> {
  const maxima: Maxima = { starting: 0, supply: 0, waiting: 0, looks: 0 };
  while (!signal.aborted) {
    try {
      const { idle, provisioning, waiting } = await countPool(registry, pool);
      maxima.starting = Math.max(maxima.starting, provisioning);
      maxima.supply = Math.max(maxima.supply, idle + provisioning);
      maxima.waiting = Math.max(maxima.waiting, waiting);
      maxima.looks += 1;
    } catch {
      // Postgres was killed under this query, as it is meant to be; the next look finds it again.
    }
    await delay(LOOK_MS);
  }
  return maxima;
}
