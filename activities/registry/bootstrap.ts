import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { Epoch, InstanceId } from "../../domain/ids.ts";
import type { Registry } from "./registry.ts";

const TOKEN_BYTES = 32;
const LIFETIME_MINUTES = 10;

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/**
 * A token with which the agent of this epoch fetches its secrets once, within ten minutes; it takes the place of an
 * earlier one of the instance. 43 characters of base64url, of which only the hash is kept. Throws `instance-doomed`
 * when the instance is to be absent or another epoch has begun.
 */
export async function issueBootstrapToken({ db }: Registry, id: InstanceId, epoch: Epoch): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const { numAffectedRows } = await sql`
    INSERT INTO bootstrap_tokens (instance_id, epoch, token_hash, expires_at)
    SELECT id, epoch, ${hashOf(token)}, now() + make_interval(mins => ${LIFETIME_MINUTES})
    FROM instances WHERE id = ${id} AND epoch = ${epoch} AND desired = 'present'
    ON CONFLICT (instance_id) DO UPDATE
      SET epoch = excluded.epoch, token_hash = excluded.token_hash, expires_at = excluded.expires_at`.execute(
    db,
  );
  if (numAffectedRows !== 1n) throw new PlatformError("instance-doomed", { detail: `instance ${id}` });
  await db.deleteFrom("bootstrap_tokens").where("expires_at", "<", sql<Date>`now()`).execute();
  return token;
}

/**
 * Uses the token up. False, and nothing changed, for one that is wrong, expired, used or of another epoch, and for an
 * instance that is unknown or to be absent: the same statement in every case, so that none can be told from another.
 */
export async function redeemBootstrapToken(
  { db }: Registry,
  id: InstanceId,
  epoch: number,
  token: string,
): Promise<boolean> {
  const used = await db
    .deleteFrom("bootstrap_tokens")
    .using("instances")
    .whereRef("instances.id", "=", "bootstrap_tokens.instance_id")
    .whereRef("instances.epoch", "=", "bootstrap_tokens.epoch")
    .where("instances.desired", "=", "present")
    .where("instances.data_key", "is not", null)
    .where("bootstrap_tokens.instance_id", "=", id)
    .where("bootstrap_tokens.epoch", "=", epoch)
    .where("bootstrap_tokens.token_hash", "=", hashOf(token))
    .where("bootstrap_tokens.expires_at", ">", sql<Date>`now()`)
    .returning("bootstrap_tokens.instance_id")
    .executeTakeFirst();
  return used !== undefined;
}
