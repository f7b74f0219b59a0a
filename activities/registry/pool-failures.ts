import { sql, type Transaction } from "kysely";
import { EQUIPMENT, equipmentKey } from "../../domain/equipment.ts";
import type { InstanceId, PoolName } from "../../domain/ids.ts";
import { afterFailedStart, BREAKER, commonFailure } from "../../domain/steps/pool-failure.ts";
import type { Querier } from "./database.ts";
import { closeStartsBreaker, openBreaker } from "./pool-breakers.ts";
import type { Registry } from "./registry.ts";
import type { Schema } from "./schema.ts";

/**
 * Notes, once for each, that an instance never became ready: its pool backs off, pauses itself at a limit, and opens
 * the breaker when starts fail alike.
 */
export async function noteStartFailure({ db }: Registry, id: InstanceId): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { pool, generation } = await poolOf(tx, id);
    const code = await failureOf(tx, id);
    if (!(await noteOutcome(tx, id, pool.name, code))) return;
    const answer = afterFailedStart(
      {
        failuresInARow: pool.failures_in_a_row,
        rolloutFailures: pool.rollout_failures,
        generation,
        isRollout: pool.rollout_since !== null && pool.generation === generation,
      },
      code,
    );
    const pause = pool.paused_reason === null ? answer.pauseReason : undefined;
    await tx
      .updateTable("pools")
      .set({
        failures_in_a_row: answer.failuresInARow,
        rollout_failures: answer.rolloutFailures,
        retry_after: sql<Date>`now() + make_interval(secs => ${answer.retryAfterS})`,
        ...(pause === undefined ? {} : { paused_reason: pause, paused_by: "pool" as const }),
      })
      .where("name", "=", pool.name)
      .execute();
    const common = commonFailure(await newestOutcomes(tx, pool.name));
    if (common !== undefined) await openBreaker(tx, pool.name, "starts", common);
  });
}

/** Notes that an instance became ready: starts work, and the breaker that says otherwise is closed. */
export async function noteStartSuccess({ db }: Registry, id: InstanceId): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { pool, generation } = await poolOf(tx, id);
    await noteOutcome(tx, id, pool.name, null);
    await closeStartsBreaker(tx, pool.name);
    await tx
      .updateTable("pools")
      .set({
        failures_in_a_row: 0,
        retry_after: null,
        ...(pool.generation === generation ? { rollout_failures: 0 } : {}),
      })
      .where("name", "=", pool.name)
      .execute();
  });
}

async function poolOf(tx: Transaction<Schema>, id: InstanceId) {
  const { pool: name, generation } = await tx
    .selectFrom("instances")
    .select(["pool", "generation"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  const pool = await tx
    .selectFrom("pools")
    .selectAll()
    .where("name", "=", name)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  return { pool, generation };
}

/** False when it is noted already. */
async function noteOutcome(
  tx: Transaction<Schema>,
  instance_id: InstanceId,
  pool: PoolName,
  code: string | null,
): Promise<boolean> {
  const noted = await tx
    .insertInto("start_outcomes")
    .values({ instance_id, pool, code })
    .onConflict((conflict) => conflict.doNothing())
    .returning("instance_id")
    .executeTakeFirst();
  return noted !== undefined;
}

const REQUIRED: ReadonlySet<string> = new Set(
  EQUIPMENT.filter(({ required }) => required).map((item) => equipmentKey(item)),
);

/** What stands in the ledger as the reason why something that it needs was not made; else only that it is not ready. */
async function failureOf(db: Querier, id: InstanceId): Promise<string> {
  const rows = await db
    .selectFrom("resources")
    .select(["provider", "kind", "last_error"])
    .where("instance_id", "=", id)
    .where("last_error", "is not", null)
    .where("state", "<>", "active")
    .orderBy("tried_at", (order) => order.desc().nullsLast())
    .orderBy("id", "desc")
    .execute();
  const failed = rows.find((row) => row.provider === "compute" || REQUIRED.has(equipmentKey(row)));
  return failed ? `${failed.provider}/${failed.last_error}` : "never-ready";
}

async function newestOutcomes(db: Querier, pool: PoolName): Promise<(string | undefined)[]> {
  const rows = await db
    .selectFrom("start_outcomes")
    .select("code")
    .where("pool", "=", pool)
    .where("at", ">", sql<Date>`now() - make_interval(secs => ${BREAKER.windowS})`)
    .orderBy("at", "desc")
    .limit(BREAKER.of)
    .execute();
  return rows.map(({ code }) => code ?? undefined);
}
