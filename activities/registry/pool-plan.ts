import type { Selectable, Transaction } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import { type InstanceId, type PoolName, resourceName } from "../../domain/ids.ts";
import { type PoolFacts, planStarts } from "../../domain/steps/pool-plan.ts";
import { planRetirement } from "../../domain/steps/pool-retirement.ts";
import { newInstanceId } from "./new-id.ts";
import { closeClaimsBreaker } from "./pool-breakers.ts";
import { takeStale } from "./pool-retirement.ts";
import { instanceKeyContext } from "./pools.ts";
import { readStanding, type Standing } from "./read-pool.ts";
import type { Registry } from "./registry.ts";
import { endRolloutWhenDone } from "./rollout.ts";
import type { PoolsTable, Schema } from "./schema.ts";

type PoolRow = Selectable<PoolsTable>;

/** What the pool has decided on and written down. */
export interface PoolPlan {
  /** Whose lifecycles are to run. */
  start: InstanceId[];
  /** Which are fenced, and are to end. */
  retire: Retirement[];
}

export interface Retirement {
  id: InstanceId;
  /** The one that is started instead of the next; null when there is none. */
  successor: InstanceId | null;
}

/**
 * Decides how many instances to start and inserts their rows, in one transaction under the pool's row lock: so
 * two planners never both fill the same gap. Answers every instance that is not launched yet, also those of an
 * earlier plan whose answer got lost: starting a lifecycle twice is starting it once. An operator's extra instances are
 * consumed here and are the only ones above the target and surge (I3). What is to be replaced and has its replacement is
 * fenced in the same transaction.
 */
export async function planPool(registry: Registry, name: PoolName): Promise<PoolPlan> {
  return registry.db.transaction().execute(async (tx) => {
    const pool = await tx
      .selectFrom("pools")
      .selectAll()
      .where("name", "=", name)
      // Not the key: claims that come in meanwhile refer to it.
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!pool) throw new PlatformError("not-found", { detail: `pool ${name}` });
    await closeClaimsBreaker(tx, name);
    await endRolloutWhenDone(tx, name);
    const facts = factsOf(pool, await readStanding(tx, name));
    const unstarted = await tx
      .selectFrom("instances")
      .select("id")
      .where("pool", "=", name)
      .where("state", "=", "provisioning")
      .where("desired", "=", "present")
      .execute();
    if (pool.extra > 0) await tx.updateTable("pools").set({ extra: 0 }).where("name", "=", name).execute();
    const retired = await takeStale(tx, name, planRetirement(facts));
    const left = { ...facts, idle: facts.idle - retired.length, stale: facts.stale - retired.length };
    const started = await insertStarts(registry, tx, pool, left);
    return {
      start: [...unstarted.map((row) => row.id), ...started],
      retire: retired.map((id, index) => ({ id, successor: started[index] ?? null })),
    };
  });
}

function factsOf(pool: PoolRow, standing: Standing): PoolFacts {
  const { counts, stale, breakers } = standing;
  return {
    target: pool.target,
    surge: pool.surge,
    idle: counts.idle,
    starting: counts.provisioning,
    waiting: counts.waiting,
    stale,
    extra: pool.extra,
    allowance: Math.max(0, pool.starts_per_minute - standing.startsWithinMinute),
    paused: pool.paused_reason !== null,
    backingOff: pool.retry_after !== null && pool.retry_after > new Date(),
    breaker: breakers.find(({ kind }) => kind === "claims")?.kind ?? breakers[0]?.kind,
  };
}

async function insertStarts(
  registry: Registry,
  tx: Transaction<Schema>,
  pool: PoolRow,
  facts: PoolFacts,
): Promise<InstanceId[]> {
  const { own, extra } = planStarts(facts);
  const ids = Array.from({ length: own + extra }, newInstanceId);
  if (ids.length === 0) return ids;
  const supply = facts.idle + facts.starting;
  const limit = facts.target + facts.surge + facts.waiting;
  const rows = ids.map(async (id, index) => ({
    id,
    pool: pool.name,
    name: resourceName(registry.prefix, registry.environment, id),
    generation: pool.generation,
    data_key: (await registry.vault.newDataKey(instanceKeyContext(id))).sealed,
    ...(index < own ? { plan_supply: supply + index, plan_limit: limit } : {}),
  }));
  await tx
    .insertInto("instances")
    .values(await Promise.all(rows))
    .execute();
  return ids;
}
