import type { ClaimState } from "../../domain/claim-state.ts";
import { OPEN_CLAIM_STATES } from "../../domain/claim-state.ts";
import type { PoolName } from "../../domain/ids.ts";
import type { Registry } from "./registry.ts";
import type { Vault } from "./vault.ts";

/** What the registry knows an idempotency key by. */
export const hashKey = (vault: Vault, pool: PoolName, idempotencyKey: string): Buffer =>
  vault.mac("idempotency-key", `${pool}\0${idempotencyKey}`);

/** Whether a claim with this key is open, so that another one with it is a repetition. */
export async function hasOpenClaim(
  { db, vault }: Registry,
  pool: PoolName,
  idempotencyKey: string,
): Promise<boolean> {
  const open: readonly ClaimState[] = OPEN_CLAIM_STATES;
  const row = await db
    .selectFrom("claims")
    .select("id")
    .where("key_hash", "=", hashKey(vault, pool, idempotencyKey))
    .where("state", "in", open)
    .executeTakeFirst();
  return row !== undefined;
}
