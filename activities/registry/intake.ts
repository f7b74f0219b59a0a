import { timingSafeEqual } from "node:crypto";
import type { Transaction } from "kysely";
import type { ClaimState } from "../../domain/claim-state.ts";
import { OPEN_CLAIM_STATES } from "../../domain/claim-state.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { ClaimId, InstanceId, PoolName } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import { bindOldestIdle, lockQueue } from "./bind.ts";
import { type ClaimInput, claimKeyContext, sealInput } from "./claim-texts.ts";
import { newClaimId } from "./new-id.ts";
import { hashKey } from "./open-claim.ts";
import { isTrialClaim } from "./pool-breakers.ts";
import type { Registry } from "./registry.ts";
import type { Schema } from "./schema.ts";

export interface IntakeRequest {
  pool: PoolName;
  idempotencyKey: string;
  input: ClaimInput;
  onEmpty: "wait" | "reject";
  /** Identifies the invite independent of its spelling; undefined without `joinUrl`. */
  inviteIdentity: string | undefined;
}

export interface Intake {
  claimId: ClaimId;
  /** False when the key or the invite already had an open claim, whose answer is the answer to this one too. */
  created: boolean;
  instanceId: InstanceId | undefined;
}

/** A claim that closes between the refused insert and the look-up frees its key: then the intake is tried anew. */
const MAX_TRIES = 3;

/**
 * Takes a claim in, in one transaction: the claim row with its sealed input, and its binding or its place in the
 * queue. Throws `idempotency-key-reused`, `pool-empty`, `pool-paused`, `pool-unhealthy` or `queue-full`, and then
 * holds nothing.
 */
export async function intakeClaim(registry: Registry, request: IntakeRequest): Promise<Intake> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const intake = await registry.db.transaction().execute((tx) => takeIn(registry, tx, request));
    if (intake) return intake;
  }
  throw new PlatformError("unavailable", { detail: "the claim's key changes hands too quickly" });
}

async function takeIn(
  { vault }: Registry,
  tx: Transaction<Schema>,
  request: IntakeRequest,
): Promise<Intake | undefined> {
  const id = newClaimId();
  const keyHash = hashKey(vault, request.pool, request.idempotencyKey);
  const bodyMac = vault.mac("claim-body", canonical({ ...request.input, onEmpty: request.onEmpty }));
  const inviteHash =
    request.inviteIdentity === undefined ? null : vault.mac("invite", request.inviteIdentity);
  const dataKey = await vault.newDataKey(claimKeyContext(id));
  const inserted = await tx
    .insertInto("claims")
    .values({
      id,
      pool: request.pool,
      key_hash: keyHash,
      body_mac: bodyMac,
      invite_hash: inviteHash,
      on_empty: request.onEmpty,
      state: "waiting",
      data_key: dataKey.sealed,
      input: sealInput(dataKey.key, id, request.input),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!inserted) return existing(tx, keyHash, bodyMac, inviteHash);

  const instanceId = await bindOldestIdle(tx, request.pool, id, 1);
  if (instanceId) return { claimId: id, created: true, instanceId };
  return waitInQueue(tx, request, id);
}

async function waitInQueue(tx: Transaction<Schema>, request: IntakeRequest, id: ClaimId): Promise<Intake> {
  await lockQueue(tx, request.pool);
  const breaker = (await isTrialClaim(tx, request.pool)) ? "ignore" : "heed";
  const instanceId =
    (await bindOldestIdle(tx, request.pool, id, 1, "skip", breaker)) ??
    (await bindOldestIdle(tx, request.pool, id, 1, "wait", breaker));
  if (instanceId) return { claimId: id, created: true, instanceId };
  if (request.onEmpty === "reject") throw new PlatformError(await whyEmpty(tx, request.pool));
  const { waiting } = await tx
    .selectFrom("claims")
    .select((eb) => eb.fn.countAll<string>().as("waiting"))
    .where("pool", "=", request.pool)
    .where("state", "=", "waiting")
    .executeTakeFirstOrThrow();
  if (Number(waiting) > LIMITS.queueMaxClaims) throw new PlatformError("queue-full");
  return { claimId: id, created: true, instanceId: undefined };
}

async function whyEmpty(tx: Transaction<Schema>, pool: PoolName): Promise<"pool-empty" | "pool-paused"> {
  const row = await tx
    .selectFrom("pools")
    .select("paused_reason")
    .where("name", "=", pool)
    .executeTakeFirst();
  return row?.paused_reason ? "pool-paused" : "pool-empty";
}

async function existing(
  tx: Transaction<Schema>,
  keyHash: Buffer,
  bodyMac: Buffer,
  inviteHash: Buffer | null,
): Promise<Intake | undefined> {
  const open: readonly ClaimState[] = OPEN_CLAIM_STATES;
  const claims = tx
    .selectFrom("claims")
    .leftJoin("bindings", (join) =>
      join.onRef("bindings.claim_id", "=", "claims.id").on("bindings.state", "=", "active"),
    )
    .select(["claims.id", "claims.body_mac", "bindings.instance_id"])
    .where("claims.state", "in", open);
  const byKey = await claims.where("key_hash", "=", keyHash).executeTakeFirst();
  if (byKey && !timingSafeEqual(byKey.body_mac, bodyMac)) throw new PlatformError("idempotency-key-reused");
  const found =
    byKey ?? (inviteHash ? await claims.where("invite_hash", "=", inviteHash).executeTakeFirst() : undefined);
  return found && { claimId: found.id, created: false, instanceId: found.instance_id ?? undefined };
}

/** JSON with sorted keys, so that equal bodies have equal digests. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
