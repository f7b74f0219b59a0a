import { sql, type Transaction } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { Schema } from "./schema.ts";

/**
 * Keeps when the instance's conversation ends by its people's word; the earliest counts. What has passed by now counts
 * from now on: the report may have waited. Throws `conflict` when no claim has the instance, or when the time is
 * beyond `LIMITS`.
 */
export async function setExpiry(tx: Transaction<Schema>, id: InstanceId, expiresAtMs: number): Promise<void> {
  const expiresAt = sql`to_timestamp(${expiresAtMs}::double precision / 1000)`;
  const { rows } = await sql<{ id: InstanceId }>`
    UPDATE instances SET expires_at = least(expires_at, greatest(${expiresAt}, now()))
    WHERE id = ${id}
      AND ${expiresAt} <= now() + make_interval(days => ${LIMITS.expiryMaxAheadDays})
      AND ${expiresAt} >= now() - make_interval(hours => ${LIMITS.expiryMaxLateHours})
      AND EXISTS (SELECT 1 FROM bindings WHERE instance_id = ${id} AND state = 'active')
    RETURNING id`.execute(tx);
  if (rows.length === 0) {
    throw new PlatformError("conflict", {
      detail: `instance ${id} is unclaimed, or its expiry too far from now`,
    });
  }
}
