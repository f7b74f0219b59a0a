import { sql } from "kysely";
import type { ClaimState } from "../../domain/claim-state.ts";
import type { ClaimId, InstanceId, PoolName } from "../../domain/ids.ts";
import type { Querier } from "./database.ts";

/**
 * Everything that changes more than one of them locks in this order: claim, instance, binding. So no two of them
 * ever wait for each other in a circle.
 */
export async function lockClaim(
  db: Querier,
  id: ClaimId,
): Promise<{ state: ClaimState; data_key: Buffer | null; join_sent: boolean } | undefined> {
  return db
    .selectFrom("claims")
    .select(["state", "data_key", "join_sent"])
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
}

/** The instance that has the claim now. Read it after locking the claim: then it cannot change. */
export async function boundInstance(db: Querier, id: ClaimId): Promise<InstanceId | undefined> {
  const row = await db
    .selectFrom("bindings")
    .select("instance_id")
    .where("claim_id", "=", id)
    .where("state", "=", "active")
    .executeTakeFirst();
  return row?.instance_id;
}

export async function abandonBinding(db: Querier, id: ClaimId): Promise<void> {
  await db
    .updateTable("bindings")
    .set({ state: "abandoned" })
    .where("claim_id", "=", id)
    .where("state", "=", "active")
    .execute();
}

const UNLESS_CLAIMS_FAIL = (pool: PoolName) =>
  sql`AND NOT EXISTS (SELECT 1 FROM pool_breakers WHERE pool = ${pool} AND kind = 'claims')`;

/**
 * Binds the oldest idle instance of the pool to a waiting claim, in one statement. Rows that somebody else holds at
 * this moment are skipped, so claims never wait for each other, or `wait`ed for when nothing may be missed; the partial
 * index makes it independent of the pool's size. Undefined when no instance is idle, when the claim is not waiting, and
 * when the pool's claims fail alike so that this one would as well, unless that is ignored.
 */
export async function bindOldestIdle(
  db: Querier,
  pool: PoolName,
  claimId: ClaimId,
  attempt: number,
  locked: "skip" | "wait" = "skip",
  breaker: "heed" | "ignore" = "heed",
): Promise<InstanceId | undefined> {
  const { rows } = await sql<{ instance_id: InstanceId }>`
    WITH waiting AS (
      SELECT id FROM claims WHERE id = ${claimId} AND state = 'waiting' FOR UPDATE
    ), chosen AS (
      SELECT i.id FROM instances i, waiting
      WHERE i.pool = ${pool} AND i.state = 'idle' AND i.desired = 'present' ${breaker === "heed" ? UNLESS_CLAIMS_FAIL(pool) : sql``}
      ORDER BY i.state_since LIMIT 1 FOR UPDATE OF i ${locked === "skip" ? sql`SKIP LOCKED` : sql``}
    ), taken AS (
      UPDATE instances SET state = 'claimed' FROM chosen WHERE instances.id = chosen.id RETURNING instances.id
    ), bound AS (
      INSERT INTO bindings (instance_id, claim_id, attempt) SELECT id, ${claimId}, ${attempt} FROM taken
      RETURNING instance_id
    ), moved AS (
      UPDATE claims SET state = 'bound', attempt = ${attempt}
      WHERE id = ${claimId} AND EXISTS (SELECT 1 FROM bound)
    ), noted AS (
      INSERT INTO instance_events (instance_id, kind, detail) SELECT instance_id, 'bound', ${claimId} FROM bound
    )
    SELECT instance_id FROM bound`.execute(db);
  return rows[0]?.instance_id;
}

/** Binds one given instance, just proven ready, to the oldest waiting claim of its pool. */
export async function bindToOldestWaiting(
  db: Querier,
  pool: PoolName,
  instanceId: InstanceId,
): Promise<ClaimId | undefined> {
  const { rows } = await sql<{ claim_id: ClaimId }>`
    WITH chosen AS (
      SELECT id, attempt + 1 AS attempt FROM claims
      WHERE pool = ${pool} AND state = 'waiting' ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE instances SET state = 'claimed' FROM chosen
      WHERE instances.id = ${instanceId} AND instances.state = 'starting' RETURNING instances.id
    ), bound AS (
      INSERT INTO bindings (instance_id, claim_id, attempt)
      SELECT taken.id, chosen.id, chosen.attempt FROM taken, chosen RETURNING claim_id, attempt
    ), moved AS (
      UPDATE claims SET state = 'bound', attempt = bound.attempt FROM bound WHERE claims.id = bound.claim_id
    ), noted AS (
      INSERT INTO instance_events (instance_id, kind, detail) SELECT ${instanceId}, 'bound', claim_id FROM bound
    )
    SELECT claim_id FROM bound`.execute(db);
  return rows[0]?.claim_id;
}

/**
 * Taken by whoever is about to let a claim wait or an instance idle, so that the two never miss each other.
 * Held until the end of the transaction.
 */
export async function lockQueue(db: Querier, pool: PoolName): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`queue/${pool}`}, 0))`.execute(db);
}
