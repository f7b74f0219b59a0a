import { sql, type Transaction } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { ClaimId, InstanceId } from "../../domain/ids.ts";
import type { EndReason, InstanceState } from "../../domain/instance-state.ts";
import { lockClaim } from "./bind.ts";
import { CLAIM_CHANNEL, type Registry } from "./registry.ts";
import type { Schema } from "./schema.ts";

/** A claim that changes its instance between the look and the lock makes the fence look again. */
const MAX_LOOKS = 5;

/**
 * The fence: from here on nothing is created for the instance. The claim it served is over and frees its key and
 * invite; one that was not served yet goes back to the queue, unless a join request may have left the instance. The
 * first reason stays. With `onlyFrom` nothing happens unless the instance is in one of these states: false then.
 */
export async function fence(
  { db }: Registry,
  id: InstanceId,
  reason: EndReason,
  onlyFrom?: readonly InstanceState[],
): Promise<boolean> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    const fenced = await db.transaction().execute((tx) => fenceWithClaim(tx, id, reason, onlyFrom));
    if (fenced !== "changed") return fenced;
  }
  throw new PlatformError("unavailable", { detail: `instance ${id} changes hands too quickly` });
}

async function fenceWithClaim(
  tx: Transaction<Schema>,
  id: InstanceId,
  reason: EndReason,
  onlyFrom: readonly InstanceState[] | undefined,
): Promise<boolean | "changed"> {
  const seen = await activeClaim(tx, id);
  const claim = seen && (await lockClaim(tx, seen));
  const instance = await tx
    .selectFrom("instances")
    .select("state")
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!instance || (onlyFrom && !onlyFrom.includes(instance.state))) return false;
  if ((await activeClaim(tx, id)) !== seen) return "changed";
  if (instance.state !== "exploding" && instance.state !== "exploded") {
    await tx
      .updateTable("instances")
      .set({ desired: "absent", end_reason: reason, state: "exploding" })
      .where("id", "=", id)
      .execute();
    await tx
      .insertInto("instance_events")
      .values({ instance_id: id, kind: "exploding", detail: reason })
      .execute();
  }
  if (!seen || !claim) return true;
  const unserved = claim.state === "bound" && !claim.join_sent;
  await tx
    .updateTable("bindings")
    .set({ state: unserved ? "abandoned" : "ended" })
    .where("instance_id", "=", id)
    .where("state", "=", "active")
    .execute();
  await tx
    .updateTable("claims")
    .set({ state: unserved ? "waiting" : "ended" })
    .where("id", "=", seen)
    .where("state", "in", ["bound", "pending", "live"])
    .execute();
  await sql`SELECT pg_notify(${CLAIM_CHANNEL}, ${seen})`.execute(tx);
  return true;
}

async function activeClaim(tx: Transaction<Schema>, id: InstanceId): Promise<ClaimId | undefined> {
  const row = await tx
    .selectFrom("bindings")
    .select("claim_id")
    .where("instance_id", "=", id)
    .where("state", "=", "active")
    .executeTakeFirst();
  return row?.claim_id;
}

/**
 * Removes what people wrote and every secret: the sealed texts of the instance's claims with their keys, and the
 * instance's key, without which nothing sealed under it can be read again. The rows stay as a tombstone.
 */
export async function purge({ db }: Registry, id: InstanceId): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("secrets").where("instance_id", "=", id).execute();
    await tx.deleteFrom("inbound").where("instance_id", "=", id).execute();
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
