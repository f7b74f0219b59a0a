import type { ClaimId } from "../../domain/ids.ts";
import type { Registry } from "./registry.ts";

/** Those of the given claims that have an answer for their caller: delivered, or ended. One query for all of them. */
export async function settledClaims({ db }: Registry, ids: readonly ClaimId[]): Promise<ClaimId[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("claims")
    .select("id")
    .where("id", "in", ids)
    .where("state", "not in", ["waiting", "bound"])
    .execute();
  return rows.map((row) => row.id);
}
