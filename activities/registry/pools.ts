import { sql } from "kysely";
import type { Timing } from "../../domain/equipment.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId, PoolName } from "../../domain/ids.ts";
import type { Registry } from "./registry.ts";
import { rollOut } from "./rollout.ts";

export interface PoolSettings {
  name: PoolName;
  target: number;
  surge: number;
  generation: string;
  /** When numbers and wallets are made for its agents. */
  numberTiming: Timing;
  walletTiming: Timing;
}

/**
 * Creates the pool or brings its settings up to date; an existing target is kept unless `retarget`. A generation that
 * was not configured before is rolled out as idle agents are used up; one that an operator rolled out since then stays.
 * Throws `conflict` when the database is another environment's.
 */
export async function ensurePool(registry: Registry, pool: PoolSettings, retarget: boolean): Promise<void> {
  const { db } = registry;
  await refuseForeignDatabase(registry);
  const { name, target, surge, generation, numberTiming, walletTiming } = pool;
  const settings = { surge, number_timing: numberTiming, wallet_timing: walletTiming };
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto("pools")
      .values({ name, target, ...settings, generation, configured_generation: generation })
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet({ ...settings, ...(retarget ? { target } : {}) }),
      )
      .execute();
    const configured = await tx
      .updateTable("pools")
      .set({ configured_generation: generation })
      .where("name", "=", name)
      .where("configured_generation", "is distinct from", generation)
      .returning("generation")
      .executeTakeFirst();
    if (configured && configured.generation !== generation)
      await rollOut(tx, name, generation, "OnReplenish");
  });
}

/** A copy of another environment's database names its resources, and they would be ended from here. */
async function refuseForeignDatabase({ db, prefix, environment }: Registry): Promise<void> {
  const foreign = await db
    .selectFrom("instances")
    .select("name")
    .where("state", "<>", "exploded")
    .where(sql<boolean>`NOT starts_with(name, ${`${prefix}-${environment}-`})`)
    .limit(1)
    .executeTakeFirst();
  if (foreign) {
    const detail = `the database is not of environment ${environment}: it has instance ${foreign.name}`;
    throw new PlatformError("conflict", { detail });
  }
}

/** What operators change. */
export interface PoolChange {
  target?: number;
  /** Null: the pool goes on, and the failures that it paused itself for are forgotten. */
  pausedReason?: string | null;
  addExtra?: number;
  startsPerMinute?: number;
  /** 0: idle instances are never too old. */
  maxAgeS?: number;
}

export async function setPool({ db }: Registry, name: PoolName, change: PoolChange): Promise<void> {
  const { target, pausedReason, addExtra, startsPerMinute, maxAgeS } = change;
  await db
    .updateTable("pools")
    .set((eb) => ({
      ...(target === undefined ? {} : { target }),
      ...(startsPerMinute === undefined ? {} : { starts_per_minute: startsPerMinute }),
      ...(maxAgeS === undefined ? {} : { max_age_s: maxAgeS }),
      ...(pausedReason === undefined ? {} : pausing(pausedReason)),
      ...(addExtra === undefined ? {} : { extra: eb("extra", "+", addExtra) }),
    }))
    .where("name", "=", name)
    .execute();
}

const pausing = (reason: string | null) => ({
  paused_reason: reason,
  paused_by: reason === null ? null : ("operator" as const),
  failures_in_a_row: 0,
  rollout_failures: 0,
  retry_after: null,
});

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

export async function listPools({ db }: Registry): Promise<PoolName[]> {
  return (await db.selectFrom("pools").select("name").execute()).map((row) => row.name);
}
