import { sql } from "kysely";
import type { Timing } from "../../domain/equipment.ts";
import { PlatformError } from "../../domain/errors.ts";
import { type InstanceId, type PoolName, resourceName } from "../../domain/ids.ts";
import { COUNTED_AS } from "../../domain/instance-state.ts";
import { planStarts } from "../../domain/steps/pool-plan.ts";
import type { Querier } from "./database.ts";
import { newInstanceId } from "./new-id.ts";
import type { Registry } from "./registry.ts";

export interface PoolSettings {
  name: PoolName;
  target: number;
  surge: number;
  generation: string;
  /** When numbers and wallets are made for its agents. */
  numberTiming: Timing;
  walletTiming: Timing;
}

/** Creates the pool or brings its settings up to date; an existing target is kept unless `retarget`. */
export async function ensurePool({ db }: Registry, pool: PoolSettings, retarget: boolean): Promise<void> {
  const { name, target, surge, generation, numberTiming, walletTiming } = pool;
  const settings = { generation, surge, number_timing: numberTiming, wallet_timing: walletTiming };
  await db
    .insertInto("pools")
    .values({ name, target, ...settings })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({ ...settings, ...(retarget ? { target } : {}) }),
    )
    .execute();
}

export type Counts = Record<(typeof COUNTED_AS)[keyof typeof COUNTED_AS], number> & { waiting: number };

export async function countPool({ db }: Registry, pool: PoolName): Promise<Counts> {
  return readCounts(db, pool);
}

async function readCounts(db: Querier, pool: PoolName): Promise<Counts> {
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

export interface PoolView extends PoolSettings {
  pausedReason: string | undefined;
  failuresInARow: number;
  retryAfter: Date | undefined;
  counts: Counts;
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
    pausedReason: row.paused_reason ?? undefined,
    failuresInARow: row.failures_in_a_row,
    retryAfter: row.retry_after ?? undefined,
    counts: await readCounts(db, name),
  };
}

/**
 * Decides how many instances to start and inserts their rows, in one transaction under the pool's row lock: so
 * two planners never both fill the same gap. Answers every instance that is not launched yet, also those of an
 * earlier plan whose answer got lost: starting a lifecycle twice is starting it once. An operator's extra instances are consumed here and are the only ones above the target (I3).
 */
export async function planPool(registry: Registry, name: PoolName): Promise<InstanceId[]> {
  return registry.db.transaction().execute(async (tx) => {
    const pool = await tx
      .selectFrom("pools")
      .selectAll()
      .where("name", "=", name)
      .forUpdate()
      .executeTakeFirst();
    if (!pool) throw new PlatformError("not-found", { detail: `pool ${name}` });
    const counts = await readCounts(tx, name);
    const plan = planStarts({
      target: pool.target,
      surge: pool.surge,
      idle: counts.idle,
      starting: counts.provisioning,
      waiting: counts.waiting,
      extra: pool.extra,
      paused: pool.paused_reason !== null,
      backingOff: pool.retry_after !== null && pool.retry_after > new Date(),
    });
    const unstarted = await tx
      .selectFrom("instances")
      .select("id")
      .where("pool", "=", name)
      .where("state", "=", "provisioning")
      .where("desired", "=", "present")
      .execute();
    const ids = Array.from({ length: plan.own + plan.extra }, newInstanceId);
    const supply = counts.idle + counts.provisioning;
    const limit = pool.target + pool.surge + counts.waiting;
    if (pool.extra > 0) await tx.updateTable("pools").set({ extra: 0 }).where("name", "=", name).execute();
    if (ids.length > 0) {
      const rows = ids.map(async (id, index) => ({
        id,
        pool: name,
        name: resourceName(registry.prefix, registry.environment, id),
        generation: pool.generation,
        data_key: (await registry.vault.newDataKey(instanceKeyContext(id))).sealed,
        ...(index < plan.own ? { plan_supply: supply + index, plan_limit: limit } : {}),
      }));
      await tx
        .insertInto("instances")
        .values(await Promise.all(rows))
        .execute();
    }
    return [...unstarted.map((row) => row.id), ...ids];
  });
}

export const instanceKeyContext = (id: InstanceId): string => `instance-key/${id}`;

/** True at most once a second for each pool: the caller who gets it wakes the pool's workflow. */
export async function takeNudge({ db }: Registry, name: PoolName): Promise<boolean> {
  const row = await db
    .updateTable("pools")
    .set({ nudged_at: sql<Date>`now()` })
    .where("name", "=", name)
    .where((eb) =>
      eb.or([eb("nudged_at", "is", null), eb("nudged_at", "<", sql<Date>`now() - interval '1 second'`)]),
    )
    .returning("name")
    .executeTakeFirst();
  return row !== undefined;
}

export async function setPool(
  { db }: Registry,
  name: PoolName,
  change: { target?: number; pausedReason?: string | null; addExtra?: number },
): Promise<void> {
  await db
    .updateTable("pools")
    .set((eb) => ({
      ...(change.target === undefined ? {} : { target: change.target }),
      ...(change.pausedReason === undefined
        ? {}
        : { paused_reason: change.pausedReason, failures_in_a_row: 0, retry_after: null }),
      ...(change.addExtra === undefined ? {} : { extra: eb("extra", "+", change.addExtra) }),
    }))
    .where("name", "=", name)
    .execute();
}

/** Longest pause between two starts after failures, and the number of failures in a row that pauses the pool. */
const MAX_BACK_OFF_S = 300;
export const HARD_FAILURE_LIMIT = 8;

/** Notes that an instance never became ready: the pool backs off, and pauses itself at the hard limit. */
export async function noteStartFailure({ db }: Registry, name: PoolName, code: string): Promise<void> {
  await sql`
    UPDATE pools SET
      failures_in_a_row = failures_in_a_row + 1,
      retry_after = now() + make_interval(secs => LEAST(${MAX_BACK_OFF_S}, power(2, LEAST(failures_in_a_row, 20)))),
      paused_reason = CASE WHEN failures_in_a_row + 1 >= ${HARD_FAILURE_LIMIT} AND paused_reason IS NULL
        THEN ${`${HARD_FAILURE_LIMIT} instances in a row did not become ready, the last one: ${code}`}
        ELSE paused_reason END
    WHERE name = ${name}`.execute(db);
}

export async function noteStartSuccess({ db }: Registry, name: PoolName): Promise<void> {
  await db
    .updateTable("pools")
    .set({ failures_in_a_row: 0, retry_after: null })
    .where("name", "=", name)
    .where("failures_in_a_row", ">", 0)
    .execute();
}

/** Marks up to `count` idle instances, the oldest first, as to be destroyed, unless a claim is taking them. */
export async function takeForDrain({ db }: Registry, name: PoolName, count: number): Promise<InstanceId[]> {
  const { rows } = await sql<{ id: InstanceId }>`
    WITH chosen AS (
      SELECT id FROM instances WHERE pool = ${name} AND state = 'idle' AND desired = 'present'
      ORDER BY state_since LIMIT ${count} FOR UPDATE SKIP LOCKED
    )
    UPDATE instances SET desired = 'absent', end_reason = 'drained', state = 'exploding' FROM chosen
    WHERE instances.id = chosen.id RETURNING instances.id`.execute(db);
  return rows.map((row) => row.id);
}

export async function listPools({ db }: Registry): Promise<PoolName[]> {
  return (await db.selectFrom("pools").select("name").execute()).map((row) => row.name);
}
