import { sql } from "kysely";
import type { InstanceId } from "../../domain/ids.ts";
import type { EndReason } from "../../domain/instance-state.ts";
import { CLAIM_CHANNEL, type Registry } from "./registry.ts";

/**
 * The fence: from here on nothing is created for the instance, and the claim it served is over and frees its key
 * and invite. The first reason stays.
 */
export async function fence({ db }: Registry, id: InstanceId, reason: EndReason): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const fenced = await tx
      .updateTable("instances")
      .set((eb) => ({
        desired: "absent" as const,
        end_reason: eb.fn.coalesce("end_reason", eb.val(reason)),
        state: "exploding" as const,
      }))
      .where("id", "=", id)
      .where("state", "not in", ["exploding", "exploded"])
      .returning("id")
      .executeTakeFirst();
    if (fenced)
      await tx
        .insertInto("instance_events")
        .values({ instance_id: id, kind: "exploding", detail: reason })
        .execute();
    const binding = await tx
      .updateTable("bindings")
      .set({ state: "ended" })
      .where("instance_id", "=", id)
      .where("state", "=", "active")
      .returning("claim_id")
      .executeTakeFirst();
    if (!binding) return;
    await tx
      .updateTable("claims")
      .set({ state: "ended" })
      .where("id", "=", binding.claim_id)
      .where("state", "in", ["bound", "pending", "live"])
      .execute();
    await sql`SELECT pg_notify(${CLAIM_CHANNEL}, ${binding.claim_id})`.execute(tx);
  });
}

/**
 * Removes what people wrote and every secret: the sealed texts of the instance's claims with their keys, and the
 * instance's key, without which nothing sealed under it can be read again. The rows stay as a tombstone.
 */
export async function purge({ db }: Registry, id: InstanceId): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("secrets").where("instance_id", "=", id).execute();
    await tx.updateTable("instances").set({ data_key: null, url: null }).where("id", "=", id).execute();
    await tx
      .updateTable("claims")
      .set({ data_key: null, input: null, result: null, invite_hash: null })
      .where("id", "in", (eb) =>
        eb
          .selectFrom("bindings")
          .innerJoin("claims as bound", "bound.id", "bindings.claim_id")
          .select("bindings.claim_id")
          .where("bindings.instance_id", "=", id)
          .where("bound.state", "in", ["ended", "failed", "cancelled"]),
      )
      .execute();
  });
}

export async function bury({ db }: Registry, id: InstanceId): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const moved = await tx
      .updateTable("instances")
      .set({ state: "exploded", ended_at: sql<Date>`now()` })
      .where("id", "=", id)
      .where("state", "=", "exploding")
      .returning("id")
      .executeTakeFirst();
    if (moved) await tx.insertInto("instance_events").values({ instance_id: id, kind: "exploded" }).execute();
  });
}

export interface StoredReceipt {
  body: string;
  signature: string;
  keyId: string;
}

export async function storeReceipt({ db }: Registry, id: InstanceId, receipt: StoredReceipt): Promise<void> {
  await db
    .insertInto("receipts")
    .values({ instance_id: id, body: receipt.body, signature: receipt.signature, key_id: receipt.keyId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function readReceipt({ db }: Registry, id: InstanceId): Promise<StoredReceipt | undefined> {
  return db
    .selectFrom("receipts")
    .select(["body", "signature", "key_id as keyId"])
    .where("instance_id", "=", id)
    .executeTakeFirst();
}
