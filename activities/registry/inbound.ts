import { randomBytes } from "node:crypto";
import { type ExpressionBuilder, sql } from "kysely";
import { Value } from "typebox/value";
import type { InstanceId } from "../../domain/ids.ts";
import {
  type DropReason,
  type InboundItem,
  type InboundProvider,
  OutsideMessage,
} from "../../domain/inbound.ts";
import type { InstanceState } from "../../domain/instance-state.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { Querier } from "./database.ts";
import { instanceKeyContext } from "./pools.ts";
import type { Registry } from "./registry.ts";
import type { Schema } from "./schema.ts";
import { open, seal } from "./sealing.ts";

/** 128 bits, as 22 characters of `[A-Za-z0-9_-]`. */
const newInboundId = (): string => randomBytes(16).toString("base64url");
const contextOf = (id: string, instanceId: InstanceId): string => `inbound/${id}/${instanceId}`;

/** An agent that serves a claim: only for one may anything be kept. */
const SERVING: readonly InstanceState[] = ["claimed", "recovering"];
const isServing = (eb: ExpressionBuilder<Schema, "instances">) =>
  eb.and([
    eb("instances.desired", "=", "present"),
    eb("instances.state", "in", SERVING),
    eb("instances.data_key", "is not", null),
  ]);

/** The serving agent that was written to, or why there is none. */
export type Recipient = { id: InstanceId } | { id?: never; reason: "unknown-recipient" | "unclaimed" };

/** Whose address this is, by the ledger. */
export async function findRecipient(
  { db }: Registry,
  provider: "telnyx" | "agentmail",
  address: string,
): Promise<Recipient> {
  const rows = await db
    .selectFrom("resources")
    .innerJoin("instances", "instances.id", "resources.instance_id")
    .select((eb) => ["instances.id", isServing(eb).as("serving")])
    .where("resources.provider", "=", provider)
    .where("resources.kind", "=", provider === "telnyx" ? "number" : "mailbox")
    .where("resources.external_id", "=", address)
    .where("resources.state", "=", "active")
    .execute();
  const serving = rows.find((row) => row.serving);
  if (serving) return { id: serving.id };
  return { reason: rows.length === 0 ? "unknown-recipient" : "unclaimed" };
}

export interface Arrival {
  provider: InboundProvider;
  eventId: string;
  item: InboundItem;
}

/**
 * Seals and keeps what came, once for each event of the provider. `repeated`: it is known; otherwise why it was not
 * kept. Nothing is kept after the fence.
 */
export async function storeInbound(
  registry: Registry,
  instanceId: InstanceId,
  { provider, eventId, item }: Arrival,
): Promise<"stored" | "repeated" | "unclaimed" | "full"> {
  const id = newInboundId();
  const sealed = await sealItem(registry, id, instanceId, item);
  if (sealed === undefined) return "unclaimed";
  return registry.db.transaction().execute(async (tx) => {
    const instance = await tx
      .selectFrom("instances")
      .select("id")
      .where("id", "=", instanceId)
      .where(isServing)
      // Of two that come at once the second one sees the first, so that the limit holds.
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!instance) return "unclaimed";
    const { waiting } = await tx
      .selectFrom("inbound")
      .select((eb) => eb.fn.countAll<string>().as("waiting"))
      .where("instance_id", "=", instanceId)
      .where("delivered_at", "is", null)
      .executeTakeFirstOrThrow();
    if (Number(waiting) >= LIMITS.inboundMaxWaiting) return "full";
    const stored = await tx
      .insertInto("inbound")
      .values({ id, instance_id: instanceId, provider, event_id: eventId, kind: item.kind, sealed })
      .onConflict((conflict) => conflict.columns(["provider", "event_id"]).doNothing())
      .returning("id")
      .executeTakeFirst();
    return stored ? "stored" : "repeated";
  });
}

/** Null for an item without a message; undefined when the instance's key is gone. */
async function sealItem(
  { db, vault }: Registry,
  id: string,
  instanceId: InstanceId,
  item: InboundItem,
): Promise<Buffer | null | undefined> {
  if (item.kind === "credits") return null;
  const row = await db
    .selectFrom("instances")
    .select("data_key")
    .where("id", "=", instanceId)
    .executeTakeFirst();
  if (!row?.data_key) return undefined;
  const key = await vault.openDataKey(row.data_key, instanceKeyContext(instanceId));
  return seal(key, JSON.stringify(item.message), contextOf(id, instanceId));
}

/** What waits under the id for this instance; undefined when it was delivered, purged or never there. */
export async function readInbound(
  { db, vault }: Registry,
  instanceId: InstanceId,
  id: string,
): Promise<InboundItem | undefined> {
  const row = await db
    .selectFrom("inbound")
    .innerJoin("instances", "instances.id", "inbound.instance_id")
    .select(["kind", "sealed", "data_key"])
    .where("inbound.id", "=", id)
    .where("instance_id", "=", instanceId)
    .where("delivered_at", "is", null)
    .executeTakeFirst();
  if (row?.kind === "credits") return { kind: "credits" };
  if (!row?.sealed || !row.data_key) return undefined;
  const key = await vault.openDataKey(row.data_key, instanceKeyContext(instanceId));
  const text = open(key, row.sealed, contextOf(id, instanceId)).toString("utf8");
  return { kind: row.kind, message: Value.Parse(OutsideMessage, JSON.parse(text)) };
}

/** The agent has it: the body goes. Repeating it changes nothing. */
export async function settleInbound({ db }: Registry, instanceId: InstanceId, id: string): Promise<void> {
  await db
    .updateTable("inbound")
    .set({ delivered_at: sql<Date>`now()`, sealed: null })
    .where("id", "=", id)
    .where("instance_id", "=", instanceId)
    .where("delivered_at", "is", null)
    .execute();
}

/** Counts what was not kept; nothing else is remembered of it. */
export async function countDrops(
  db: Querier,
  provider: InboundProvider,
  reason: DropReason,
  count = 1,
): Promise<void> {
  await db
    .insertInto("inbound_drops")
    .values({ provider, reason, count })
    .onConflict((conflict) =>
      conflict.columns(["provider", "reason"]).doUpdateSet({
        count: sql<number>`inbound_drops.count + excluded.count`,
        last_at: sql<Date>`now()`,
      }),
    )
    .execute();
}

export interface InboundCounts {
  waiting: number;
  dropped: { provider: InboundProvider; reason: DropReason; count: number }[];
}

export async function readInboundCounts({ db }: Registry): Promise<InboundCounts> {
  const { waiting } = await db
    .selectFrom("inbound")
    .select((eb) => eb.fn.countAll<string>().as("waiting"))
    .where("delivered_at", "is", null)
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom("inbound_drops")
    .select(["provider", "reason", "count"])
    .orderBy("provider")
    .orderBy("reason")
    .execute();
  return { waiting: Number(waiting), dropped: rows.map((row) => ({ ...row, count: Number(row.count) })) };
}
