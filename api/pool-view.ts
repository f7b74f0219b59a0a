import { type PoolView, readPool } from "../activities/registry/pools.ts";
import type { Gateway } from "./gateway.ts";
import type { PoolStatus } from "./schemas.ts";

export async function poolStatus({ registry, config }: Gateway): Promise<PoolStatus> {
  const pool = await readPool(registry, config.pool);
  return {
    ...pool,
    pausedReason: pool.pausedReason ?? null,
    retryAfter: pool.retryAfter?.toISOString() ?? null,
    why: whyNotFull(pool, new Date()),
  };
}

/** Why the pool is not full, in one sentence for an operator; or that it is. */
export function whyNotFull(pool: PoolView, now: Date): string {
  const { target, surge, counts, pausedReason, retryAfter, failuresInARow } = pool;
  const { idle, provisioning, waiting } = counts;
  const have = `${idle} of ${target} idle`;
  if (idle >= target && waiting === 0) return `The pool is full: ${have}.`;
  const queue = waiting > 0 ? ` while ${many(waiting, "claim waits", "claims wait")}` : "";
  if (pausedReason !== undefined) {
    return `${have}${queue}: the pool is paused (${pausedReason}) and starts nothing until it is resumed.`;
  }
  if (retryAfter !== undefined && retryAfter > now) {
    const failed = many(failuresInARow, "start has", "starts have");
    return `${have}${queue}: the last ${failed} failed, the next one is tried at ${retryAfter.toISOString()}.`;
  }
  if (surge === 0 && provisioning === 0) {
    return `${have}${queue}: the pool's surge is 0, so it starts nothing by itself.`;
  }
  if (provisioning > 0) {
    return `${have}${queue}: ${many(provisioning, "agent is", "agents are")} starting, at most ${surge} at once.`;
  }
  return `${have}${queue}: the missing ones are started when the pool's workflow looks next, within 30 s.`;
}

const many = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;
