import { sql } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { PoolName } from "../../domain/ids.ts";
import { COUNTED_AS } from "../../domain/instance-state.ts";
import type { RolloutStrategy } from "../../domain/rollout.ts";
import type { Querier } from "./database.ts";
import { type Breaker, readBreakers } from "./pool-breakers.ts";
import type { PoolSettings } from "./pools.ts";
import type { Registry } from "./registry.ts";

export type Counts = Record<(typeof COUNTED_AS)[keyof typeof COUNTED_AS], number> & { waiting: number };

export async function countPool({ db }: Registry, pool: PoolName): Promise<Counts> {
  return readCounts(db, pool);
}

export async function readCounts(db: Querier, pool: PoolName): Promise<Counts> {
  const counts: Counts = { idle: 0, provisioning: 0, claimed: 0, quarantined: 0, exploding: 0, waiting: 0 };
  const rows = await db
    .selectFrom("instances")
    .select(["state", (eb) => eb.fn.countAll<string>().as("n")])
    .where("pool", "=", pool)
    .where("state", "<>", "exploded")
    .groupBy("state")
    .execute();
  for (const { state, n } of rows) if (state !== "exploded") counts[COUNTED_AS[state]] += Number(n);
  const { waiting } = await db
    .selectFrom("claims")
    .select((eb) => eb.fn.countAll<string>().as("waiting"))
    .where("pool", "=", pool)
    .where("state", "=", "waiting")
    .executeTakeFirstOrThrow();
  return { ...counts, waiting: Number(waiting) };
}

/** Of an idle instance `i` of the pool `p`: whether it is to be replaced. */
export const IS_STALE = sql<boolean>`(
  (p.max_age_s > 0 AND i.created_at < now() - make_interval(secs => p.max_age_s))
  OR (p.rollout_since IS NOT NULL AND p.rollout_strategy = 'Recreate' AND i.generation <> p.generation))`;

export interface Standing {
  counts: Counts;
  /** Idle ones that are to be replaced. */
  stale: number;
  /** The pool's own starts within the last minute, and when the first of them is out of it. */
  startsWithinMinute: number;
  rateFreeAt: Date | undefined;
  breakers: readonly Breaker[];
}

export async function readStanding(db: Querier, pool: PoolName): Promise<Standing> {
  const { rows } = await sql<{ stale: string; starts: string; free_at: Date | null }>`
    SELECT (SELECT count(*) FROM instances i
        WHERE i.pool = p.name AND i.state = 'idle' AND i.desired = 'present' AND ${IS_STALE}) AS stale,
      recent.n AS starts, recent.first + interval '1 minute' AS free_at
    FROM pools p, LATERAL (
      SELECT count(*) AS n, min(created_at) AS first FROM instances
      WHERE pool = p.name AND plan_supply IS NOT NULL AND created_at > now() - interval '1 minute') recent
    WHERE p.name = ${pool}`.execute(db);
  const [row] = rows;
  return {
    counts: await readCounts(db, pool),
    stale: Number(row?.stale ?? 0),
    startsWithinMinute: Number(row?.starts ?? 0),
    rateFreeAt: row?.free_at ?? undefined,
    breakers: await readBreakers(db, pool),
  };
}

export interface PoolView extends PoolSettings, Standing {
  startsPerMinute: number;
  /** 0: never too old. */
  maxAgeS: number;
  pausedReason: string | undefined;
  failuresInARow: number;
  retryAfter: Date | undefined;
  rolloutStrategy: RolloutStrategy;
  /** Undefined when no rollout is under way. */
  rolloutSince: Date | undefined;
}

export async function readPool({ db }: Registry, name: PoolName): Promise<PoolView> {
  const row = await db.selectFrom("pools").selectAll().where("name", "=", name).executeTakeFirst();
  if (!row) throw new PlatformError("not-found", { detail: `pool ${name}` });
  return {
    name,
    target: row.target,
    surge: row.surge,
    generation: row.generation,
    numberTiming: row.number_timing,
    walletTiming: row.wallet_timing,
    startsPerMinute: row.starts_per_minute,
    maxAgeS: row.max_age_s,
    pausedReason: row.paused_reason ?? undefined,
    failuresInARow: row.failures_in_a_row,
    retryAfter: row.retry_after ?? undefined,
    rolloutStrategy: row.rollout_strategy,
    rolloutSince: row.rollout_since ?? undefined,
    ...(await readStanding(db, name)),
  };
}
