import { sql, type Transaction } from "kysely";
import type { ClaimState } from "../../domain/claim-state.ts";
import type { ErrorCode } from "../../domain/errors.ts";
import type { ClaimId, InstanceId, PoolName } from "../../domain/ids.ts";
import type { EndReason } from "../../domain/instance-state.ts";
import { abandonBinding, bindOldestIdle, boundInstance, lockClaim, lockQueue } from "./bind.ts";
import {
  type ClaimInput,
  type ClaimResult,
  claimKeyContext,
  openInput,
  openResult,
  sealResult,
} from "./claim-texts.ts";
import { openClaimsBreaker } from "./pool-breakers.ts";
import { CLAIM_CHANNEL, type Registry } from "./registry.ts";
import type { Schema } from "./schema.ts";

export interface ClaimView {
  id: ClaimId;
  pool: PoolName;
  state: ClaimState;
  attempt: number;
  failureCode: ErrorCode | undefined;
  instanceId: InstanceId | undefined;
  result: ClaimResult | undefined;
  createdAt: Date;
}

/** A claim as its caller may see it, or undefined when there is none. */
export async function readClaim({ db, vault }: Registry, id: ClaimId): Promise<ClaimView | undefined> {
  const row = await db
    .selectFrom("claims")
    .leftJoin("bindings", (join) =>
      join.onRef("bindings.claim_id", "=", "claims.id").on("bindings.state", "<>", "abandoned"),
    )
    .select([
      "claims.id",
      "claims.pool",
      "claims.state",
      "claims.attempt",
      "failure_code",
      "data_key",
      "result",
    ])
    .select(["claims.created_at", "bindings.instance_id"])
    .where("claims.id", "=", id)
    .executeTakeFirst();
  if (!row) return undefined;
  const key = row.data_key ? await vault.openDataKey(row.data_key, claimKeyContext(id)) : undefined;
  return {
    id: row.id,
    pool: row.pool,
    state: row.state,
    attempt: row.attempt,
    failureCode: row.failure_code ?? undefined,
    instanceId: row.instance_id ?? undefined,
    result: key && row.result ? openResult(key, id, row.result) : undefined,
    createdAt: row.created_at,
  };
}

export interface Delivery {
  state: ClaimState;
  pool: PoolName;
  attempt: number;
  joinSent: boolean;
  /** The bound instance; undefined while the claim waits or has ended. */
  target:
    | {
        instanceId: InstanceId;
        epoch: number;
        url: string | undefined;
        /** Its inboxes, as they were before the claim. */
        inboxId: string | undefined;
        joinInboxId: string | undefined;
        instanceKey: Buffer | undefined;
        secret: Buffer | undefined;
      }
    | undefined;
  input: ClaimInput | undefined;
}

/** Everything a delivery needs, in one query. */
export async function loadDelivery({ db, vault }: Registry, id: ClaimId): Promise<Delivery | undefined> {
  const row = await db
    .selectFrom("claims")
    .leftJoin("bindings", (join) =>
      join.onRef("bindings.claim_id", "=", "claims.id").on("bindings.state", "=", "active"),
    )
    .leftJoin("instances", "instances.id", "bindings.instance_id")
    .leftJoin("secrets", (join) =>
      join.onRef("secrets.instance_id", "=", "instances.id").on("secrets.kind", "=", "instance-secret"),
    )
    .select([
      "claims.state",
      "claims.pool",
      "claims.attempt",
      "claims.join_sent",
      "claims.data_key",
      "claims.input",
    ])
    .select(["instances.id as instanceId", "instances.epoch", "instances.url"])
    .select(["instances.inbox_id", "instances.join_inbox_id"])
    .select(["instances.data_key as instanceKey", "secrets.sealed"])
    .where("claims.id", "=", id)
    .executeTakeFirst();
  if (!row) return undefined;
  const key = row.data_key ? await vault.openDataKey(row.data_key, claimKeyContext(id)) : undefined;
  return {
    state: row.state,
    pool: row.pool,
    attempt: row.attempt,
    joinSent: row.join_sent,
    target:
      row.instanceId === null
        ? undefined
        : {
            instanceId: row.instanceId,
            epoch: row.epoch ?? 0,
            url: row.url ?? undefined,
            inboxId: row.inbox_id ?? undefined,
            joinInboxId: row.join_inbox_id ?? undefined,
            instanceKey: row.instanceKey ?? undefined,
            secret: row.sealed ?? undefined,
          },
    input: key && row.input ? openInput(key, id, row.input) : undefined,
  };
}

/**
 * Stores the agent's answer and wakes whoever waits for it. Once live, what the caller said is only with the
 * agent. False when the claim is not that instance's any more.
 */
export async function commitDelivery(
  { db, vault }: Registry,
  id: ClaimId,
  instanceId: InstanceId,
  state: "live" | "pending",
  result: ClaimResult,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const claim = await lockClaim(tx, id);
    if (!claim?.data_key || (await boundInstance(tx, id)) !== instanceId) return false;
    if (claim.state === "live") return true;
    if (claim.state !== "bound" && claim.state !== "pending") return false;
    const key = await vault.openDataKey(claim.data_key, claimKeyContext(id));
    await sql`
      WITH committed AS (
        UPDATE claims SET state = ${state}, result = ${sealResult(key, id, result)},
          input = CASE WHEN ${state} = 'live' THEN NULL ELSE input END
        WHERE id = ${id}
      ), joined AS (
        UPDATE instances SET conversation_id = COALESCE(${result.conversationId}, conversation_id) WHERE id = ${instanceId}
      ), noted AS (
        INSERT INTO instance_events (instance_id, kind, detail) VALUES (${instanceId}, ${state}, ${id})
      )
      SELECT pg_notify(${CLAIM_CHANNEL}, ${id})`.execute(tx);
    return true;
  });
}

/**
 * Gives up the claim's present instance, which is quarantined and never serves anybody, and binds another or
 * puts the claim back to its old place in the queue. Undefined when no instance is idle, and when the claim is not
 * that instance's any more or has been answered meanwhile: then nothing is changed.
 */
export async function replaceInstance(
  { db }: Registry,
  id: ClaimId,
  failed: InstanceId,
  why: ErrorCode,
): Promise<InstanceId | undefined> {
  return db.transaction().execute(async (tx) => {
    const claim = await lockClaim(tx, id);
    if (claim?.state === "bound" && !claim.join_sent && (await boundInstance(tx, id)) === failed) {
      await tx
        .updateTable("instances")
        .set({ state: "quarantined" })
        .where("id", "=", failed)
        .where("state", "in", ["claimed", "recovering"])
        .execute();
      await abandonBinding(tx, id);
      await tx
        .insertInto("instance_events")
        .values({ instance_id: failed, kind: "quarantined", detail: why })
        .execute();
      await openClaimsBreaker(tx, failed, why);
      await tx.updateTable("claims").set({ state: "waiting" }).where("id", "=", id).execute();
    }
    return rebind(tx, id);
  });
}

/** Binds a waiting claim if an instance is idle. */
export function bindWaiting({ db }: Registry, id: ClaimId): Promise<InstanceId | undefined> {
  return db.transaction().execute((tx) => rebind(tx, id));
}

async function rebind(tx: Transaction<Schema>, id: ClaimId): Promise<InstanceId | undefined> {
  const claim = await tx
    .selectFrom("claims")
    .select(["pool", "attempt", "state"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (claim?.state !== "waiting") return undefined;
  await lockQueue(tx, claim.pool);
  return bindOldestIdle(tx, claim.pool, id, claim.attempt + 1);
}

/**
 * Ends a claim that never became live; its key and its invite may be used again. An instance that was bound to it is
 * fenced in the same transaction, since it may still be joining: whoever calls starts its end. False when the claim
 * has ended or become live before.
 */
export async function endClaim(
  { db }: Registry,
  id: ClaimId,
  end: { state: "failed"; code: ErrorCode } | { state: "cancelled" },
): Promise<{ ended: boolean; instanceId: InstanceId | undefined; reason: EndReason }> {
  const reason = reasonOf(end);
  return db.transaction().execute(async (tx) => {
    const claim = await lockClaim(tx, id);
    if (claim?.state !== "waiting" && claim?.state !== "bound" && claim?.state !== "pending") {
      return { ended: false, instanceId: undefined, reason };
    }
    const instanceId = await boundInstance(tx, id);
    if (instanceId) {
      await tx
        .updateTable("instances")
        .set({ desired: "absent", end_reason: reason, state: "exploding" })
        .where("id", "=", instanceId)
        .where("state", "not in", ["exploding", "exploded"])
        .execute();
      await abandonBinding(tx, id);
      await tx
        .insertInto("instance_events")
        .values({ instance_id: instanceId, kind: "exploding", detail: reason })
        .execute();
    }
    await tx
      .updateTable("claims")
      .set({
        state: end.state,
        failure_code: end.state === "failed" ? end.code : null,
        input: null,
        result: null,
        data_key: null,
      })
      .where("id", "=", id)
      .execute();
    await sql`SELECT pg_notify(${CLAIM_CHANNEL}, ${id})`.execute(tx);
    return { ended: true, instanceId, reason };
  });
}

function reasonOf(end: { state: "failed"; code: ErrorCode } | { state: "cancelled" }): EndReason {
  if (end.state === "cancelled") return "claim-cancelled";
  return end.code === "claim-expired" ? "claim-expired" : "claim-failed";
}

/**
 * Written before a join request can leave: from then on the claim never changes its instance. False when the claim has
 * another instance by now, or has ended: then nothing may leave.
 */
export async function recordJoinSent(
  { db }: Registry,
  id: ClaimId,
  instanceId: InstanceId,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const claim = await lockClaim(tx, id);
    if (claim?.state !== "bound" || (await boundInstance(tx, id)) !== instanceId) return false;
    await tx.updateTable("claims").set({ join_sent: true }).where("id", "=", id).execute();
    return true;
  });
}
