import { sql } from "kysely";
import { type ErrorCode, PlatformError } from "../../domain/errors.ts";
import type { InstanceId, PoolName } from "../../domain/ids.ts";
import type { Querier } from "./database.ts";
import type { BreakerKind } from "./schema.ts";

/** So many claims in a row that fail alike within the window, without one that is served between, open the breaker. */
const CLAIMS_ALIKE = 3;
const CLAIMS_WINDOW = "5 minutes";
/** While it is open one claim in this time is let through, to see. */
const TRIAL_EVERY_MS = 60_000;

export interface Breaker {
  kind: BreakerKind;
  /** What failed alike. */
  code: string;
  openedAt: Date;
}

export async function readBreakers(db: Querier, pool: PoolName): Promise<Breaker[]> {
  return db
    .selectFrom("pool_breakers")
    .select(["kind", "code", "opened_at as openedAt"])
    .where("pool", "=", pool)
    .orderBy("opened_at")
    .execute();
}

export async function openBreaker(
  db: Querier,
  pool: PoolName,
  kind: BreakerKind,
  code: string,
): Promise<void> {
  await db
    .insertInto("pool_breakers")
    .values({ pool, kind, code })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function closeStartsBreaker(db: Querier, pool: PoolName): Promise<void> {
  await db.deleteFrom("pool_breakers").where("pool", "=", pool).where("kind", "=", "starts").execute();
}

/** Looks, after a claim gave its instance up for `code`, whether claims fail alike: then others are not to try as well. */
export async function openClaimsBreaker(db: Querier, failed: InstanceId, code: ErrorCode): Promise<void> {
  await sql`
    INSERT INTO pool_breakers (pool, kind, code)
    SELECT own.pool, 'claims', ${code} FROM instances own
    WHERE own.id = ${failed} AND ${CLAIMS_ALIKE} <= (
      SELECT count(DISTINCT b.claim_id) FROM instance_events e
      JOIN instances i ON i.id = e.instance_id
      JOIN bindings b ON b.instance_id = e.instance_id
      WHERE i.pool = own.pool AND e.kind = 'quarantined' AND e.detail = ${code}
        AND e.at > now() - ${CLAIMS_WINDOW}::interval
        AND NOT EXISTS (
          SELECT 1 FROM instance_events s JOIN instances si ON si.id = s.instance_id
          WHERE si.pool = own.pool AND s.kind IN ('live', 'pending') AND s.at > e.at))
    ON CONFLICT DO NOTHING`.execute(db);
}

/** The pool's claims are served again: one was since then, or an agent started since then is ready and waits for one. */
export async function closeClaimsBreaker(db: Querier, pool: PoolName): Promise<void> {
  await sql`
    DELETE FROM pool_breakers p WHERE p.pool = ${pool} AND p.kind = 'claims' AND (
      EXISTS (SELECT 1 FROM instances i
        WHERE i.pool = p.pool AND i.state = 'idle' AND i.created_at > p.opened_at)
      OR EXISTS (SELECT 1 FROM instance_events e JOIN instances i ON i.id = e.instance_id
        WHERE i.pool = p.pool AND e.kind IN ('live', 'pending') AND e.at > p.opened_at))`.execute(db);
}

/**
 * Whether this new claim is the one that is let through now and then while the breaker is open; false when it is closed.
 * Throws `pool-unhealthy` for the others.
 */
export async function isTrialClaim(db: Querier, pool: PoolName): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    WITH trial AS (
      UPDATE pool_breakers SET trial_at = now()
      WHERE pool = ${pool} AND kind = 'claims'
        AND COALESCE(trial_at, opened_at) < now() - make_interval(secs => ${TRIAL_EVERY_MS / 1000})
      RETURNING pool
    )
    SELECT EXISTS (SELECT 1 FROM trial) AS taken FROM pool_breakers
    WHERE pool = ${pool} AND kind = 'claims'`.execute(db);
  const [open] = rows;
  if (open && !open.taken) throw new PlatformError("pool-unhealthy", { retryAfterMs: TRIAL_EVERY_MS });
  return open !== undefined;
}
