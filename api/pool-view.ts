import { type PoolView, readPool } from "../activities/registry/read-pool.ts";
import type { Gateway } from "./gateway.ts";
import type { PoolStatus } from "./schemas/pool.ts";

export async function poolStatus({ registry, config }: Gateway): Promise<PoolStatus> {
  const pool = await readPool(registry, config.pool);
  return {
    name: pool.name,
    target: pool.target,
    surge: pool.surge,
    generation: pool.generation,
    pausedReason: pool.pausedReason ?? null,
    failuresInARow: pool.failuresInARow,
    retryAfter: pool.retryAfter?.toISOString() ?? null,
    counts: pool.counts,
    startsPerMinute: pool.startsPerMinute,
    maxAgeSeconds: pool.maxAgeS,
    stale: pool.stale,
    rollout: { strategy: pool.rolloutStrategy, since: pool.rolloutSince?.toISOString() ?? null },
    breakers: pool.breakers.map(({ openedAt, ...open }) => ({ ...open, openedAt: openedAt.toISOString() })),
    numberTiming: pool.numberTiming,
    walletTiming: pool.walletTiming,
    why: whyNotFull(pool, new Date()),
  };
}

/** Why the pool is not full, in one sentence for an operator; or that it is, and what is the matter nevertheless. */
export function whyNotFull(pool: PoolView, now: Date): string {
  const { target, counts } = pool;
  const { idle, waiting } = counts;
  const have = `${idle} of ${target} idle`;
  const claims = pool.breakers.find(({ kind }) => kind === "claims");
  const refused =
    claims && `claims are refused since they fail alike (${claims.code}) until one probe succeeds`;
  if (idle >= target && waiting === 0) {
    const notes = [refused, replacing(pool)].filter((note) => note !== undefined);
    return `The pool is full: ${[have, ...notes].join("; ")}.`;
  }
  const queue = waiting > 0 ? ` while ${many(waiting, "claim waits", "claims wait")}` : "";
  const reasons = [refused, whatHolds(pool, now)].filter((reason) => reason !== undefined);
  return `${have}${queue}: ${reasons.join("; ")}.`;
}

/** The first thing that keeps the pool from starting more, or what is under way. */
function whatHolds(pool: PoolView, now: Date): string {
  const { surge, counts, pausedReason, retryAfter, failuresInARow } = pool;
  if (pausedReason !== undefined)
    return `the pool is paused (${pausedReason}) and starts nothing until it is resumed`;
  const starts = pool.breakers.find(({ kind }) => kind === "starts");
  const probing =
    starts && `starts fail alike (${starts.code}), so one is tried at a time until one succeeds`;
  if (retryAfter !== undefined && retryAfter > now) {
    const next = `the next one is tried at ${retryAfter.toISOString()}`;
    if (probing !== undefined) return `${probing}, ${next}`;
    return `the last ${many(failuresInARow, "start has", "starts have")} failed, ${next}`;
  }
  if (probing !== undefined) return probing;
  if (surge === 0 && counts.provisioning === 0)
    return "the pool's surge is 0, so it starts nothing by itself";
  if (pool.rateFreeAt !== undefined && pool.startsWithinMinute >= pool.startsPerMinute) {
    const used = `all ${many(pool.startsPerMinute, "start", "starts")} of this minute are used`;
    return `${used}, the next one is due at ${pool.rateFreeAt.toISOString()}`;
  }
  if (counts.provisioning > 0)
    return `${many(counts.provisioning, "agent is", "agents are")} starting, at most ${surge} at once`;
  return "the missing ones are started when the pool's workflow looks next, within 30 s";
}

function replacing({ stale, rolloutSince, rolloutStrategy, generation, pausedReason }: PoolView) {
  if (stale === 0) return undefined;
  const why = rolloutSince && rolloutStrategy === "Recreate" ? `too old or not of ${generation}` : "too old";
  const how =
    pausedReason === undefined ? "replaced one at a time" : `not replaced while paused (${pausedReason})`;
  return `${many(stale, "is", "are")} ${why}, ${how}`;
}

const many = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;
