import { type RawBuilder, sql } from "kysely";
import type { InstanceId, PoolName } from "../../domain/ids.ts";
import type { EndReason } from "../../domain/instance-state.ts";
import type { Querier } from "./database.ts";
import { IS_STALE } from "./read-pool.ts";
import type { Registry } from "./registry.ts";

/** Fences up to `count` idle instances, those idle for longest first, unless a claim is taking them. */
export async function takeForDrain({ db }: Registry, name: PoolName, count: number): Promise<InstanceId[]> {
  return takeIdle(db, name, count, "drained", sql<boolean>`true`);
}

/** Fences up to `count` of those that are to be replaced. */
export async function takeStale(db: Querier, name: PoolName, count: number): Promise<InstanceId[]> {
  return count === 0 ? [] : takeIdle(db, name, count, "superseded", IS_STALE);
}

/** Whether any claim ever had it. */
export async function wasEverBound({ db }: Registry, id: InstanceId): Promise<boolean> {
  const binding = await db
    .selectFrom("bindings")
    .select("claim_id")
    .where("instance_id", "=", id)
    .executeTakeFirst();
  return binding !== undefined;
}

async function takeIdle(
  db: Querier,
  name: PoolName,
  count: number,
  reason: EndReason,
  which: RawBuilder<boolean>,
): Promise<InstanceId[]> {
  const { rows } = await sql<{ id: InstanceId }>`
    WITH chosen AS (
      SELECT i.id FROM instances i JOIN pools p ON p.name = i.pool
      WHERE p.name = ${name} AND i.state = 'idle' AND i.desired = 'present' AND ${which}
      ORDER BY i.state_since LIMIT ${count} FOR UPDATE OF i SKIP LOCKED
    ), taken AS (
      UPDATE instances SET desired = 'absent', end_reason = ${reason}, state = 'exploding' FROM chosen
      WHERE instances.id = chosen.id RETURNING instances.id
    ), noted AS (
      INSERT INTO instance_events (instance_id, kind, detail) SELECT id, 'exploding', ${reason} FROM taken
    )
    SELECT id FROM taken`.execute(db);
  return rows.map((row) => row.id);
}
