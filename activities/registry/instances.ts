import { sql } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { ClaimId, Epoch, InstanceId, PoolName, ResourceName } from "../../domain/ids.ts";
import { parseEpoch } from "../../domain/ids.ts";
import { type EndReason, INSTANCE_TRANSITIONS, type InstanceState } from "../../domain/instance-state.ts";
import { predecessors } from "../../domain/transition-table.ts";
import { bindToOldestWaiting, lockQueue } from "./bind.ts";
import type { Registry } from "./registry.ts";

export interface InstanceView {
  id: InstanceId;
  pool: PoolName;
  name: ResourceName;
  generation: string;
  state: InstanceState;
  stateSince: Date;
  desired: "present" | "absent";
  epoch: number;
  readyEpoch: number;
  url: string | undefined;
  inboxId: string | undefined;
  /** The inbox that joins by invite. */
  joinInboxId: string | undefined;
  conversationId: string | undefined;
  endReason: EndReason | undefined;
  expiresAt: Date | undefined;
  claimId: ClaimId | undefined;
  createdAt: Date;
  endedAt: Date | undefined;
}

function instanceQuery({ db }: Registry) {
  return db
    .selectFrom("instances")
    .leftJoin("bindings", (join) =>
      join.onRef("bindings.instance_id", "=", "instances.id").on("bindings.state", "=", "active"),
    )
    .selectAll("instances")
    .select("bindings.claim_id");
}

type InstanceRow = Awaited<ReturnType<ReturnType<typeof instanceQuery>["executeTakeFirstOrThrow"]>>;

const viewOf = (row: InstanceRow): InstanceView => ({
  id: row.id,
  pool: row.pool,
  name: row.name,
  generation: row.generation,
  state: row.state,
  stateSince: row.state_since,
  desired: row.desired,
  epoch: row.epoch,
  readyEpoch: row.ready_epoch,
  url: row.url ?? undefined,
  inboxId: row.inbox_id ?? undefined,
  joinInboxId: row.join_inbox_id ?? undefined,
  conversationId: row.conversation_id ?? undefined,
  endReason: row.end_reason ?? undefined,
  expiresAt: row.expires_at ?? undefined,
  claimId: row.claim_id ?? undefined,
  createdAt: row.created_at,
  endedAt: row.ended_at ?? undefined,
});

export async function findInstance(registry: Registry, id: InstanceId): Promise<InstanceView | undefined> {
  const row = await instanceQuery(registry).where("instances.id", "=", id).executeTakeFirst();
  return row && viewOf(row);
}

export async function readInstance(registry: Registry, id: InstanceId): Promise<InstanceView> {
  const instance = await findInstance(registry, id);
  if (!instance) throw new PlatformError("not-found", { detail: `instance ${id}` });
  return instance;
}

/** The newest instances first; tombstones only when asked for. */
export async function listInstances(
  registry: Registry,
  options: { limit: number; ended: boolean },
): Promise<InstanceView[]> {
  let query = instanceQuery(registry).orderBy("instances.created_at", "desc").limit(options.limit);
  if (!options.ended) query = query.where("instances.state", "<>", "exploded");
  return (await query.execute()).map(viewOf);
}

/** The event of each start that was begun; one that succeeded is followed by `launched`. */
const LAUNCHING = "launching";

/** Where an instance may have its process started; one that is kept aside stays as it is. */
const LAUNCHED_IN: readonly InstanceState[] = ["provisioning", "starting", "claimed", "recovering"];

/**
 * Begins the next start of the instance's process and returns its epoch; every report of an older one is
 * refused from now on. It counts as a start whatever becomes of it. Throws `instance-doomed` when the instance is to be absent or is kept aside.
 */
export async function beginEpoch({ db }: Registry, id: InstanceId, after: number): Promise<Epoch> {
  return db.transaction().execute(async (tx) => {
    const before = await tx
      .selectFrom("instances")
      .select("epoch")
      .where("id", "=", id)
      .where("desired", "=", "present")
      .where("state", "in", LAUNCHED_IN)
      .where("epoch", "in", [after, after + 1])
      .forUpdate()
      .executeTakeFirst();
    const epoch = before && parseEpoch(after + 1);
    if (!epoch) throw new PlatformError("instance-doomed", { detail: `instance ${id}` });
    await tx.updateTable("instances").set({ epoch, url: null }).where("id", "=", id).execute();
    if (before.epoch === after)
      await tx.insertInto("instance_events").values({ instance_id: id, kind: LAUNCHING, epoch }).execute();
    return epoch;
  });
}

/** Where its agent listens; for the present epoch only, and no more once the instance is purged. */
export async function recordUrl({ db }: Registry, id: InstanceId, epoch: number, url: string): Promise<void> {
  await db
    .updateTable("instances")
    .set({ url })
    .where("id", "=", id)
    .where("epoch", "=", epoch)
    .where("data_key", "is not", null)
    .execute();
}

/**
 * The inboxes that a starting agent has proved, each kept once. An agent that people could already talk to is not asked:
 * it may be somebody else's by then.
 */
export async function recordInboxes(
  { db }: Registry,
  id: InstanceId,
  { inboxId, joinInboxId }: { inboxId: string | null; joinInboxId: string | null },
): Promise<void> {
  await db
    .updateTable("instances")
    .set((eb) => ({
      inbox_id: eb.fn.coalesce("inbox_id", eb.val(inboxId)),
      join_inbox_id: eb.fn.coalesce("join_inbox_id", eb.val(joinInboxId)),
    }))
    .where("id", "=", id)
    .where("state", "=", "starting")
    .execute();
}

/** Moves the instance if its present state allows it. False when it does not (somebody else was first). */
export async function moveInstance({ db }: Registry, id: InstanceId, to: InstanceState): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const moved = await tx
      .updateTable("instances")
      .set({ state: to })
      .where("id", "=", id)
      .where("state", "in", predecessors(INSTANCE_TRANSITIONS, to))
      .returning("id")
      .executeTakeFirst();
    if (moved) await tx.insertInto("instance_events").values({ instance_id: id, kind: to }).execute();
    return moved !== undefined;
  });
}

/**
 * A proven instance enters the pool: in one transaction the oldest waiting claim gets it, else it is idle.
 * Repeating it changes nothing and answers the same.
 */
export async function handOver(
  { db }: Registry,
  id: InstanceId,
): Promise<{ state: InstanceState; claimId: ClaimId | undefined }> {
  return db.transaction().execute(async (tx) => {
    const instance = await tx
      .selectFrom("instances")
      .leftJoin("bindings", "bindings.instance_id", "instances.id")
      .select(["instances.pool", "instances.state", "instances.desired", "bindings.claim_id"])
      .where("instances.id", "=", id)
      .executeTakeFirstOrThrow();
    if (instance.state !== "starting" || instance.desired === "absent") {
      return { state: instance.state, claimId: instance.claim_id ?? undefined };
    }
    await lockQueue(tx, instance.pool);
    const claimId = await bindToOldestWaiting(tx, instance.pool, id);
    if (claimId) return { state: "claimed", claimId };
    await tx
      .updateTable("instances")
      .set({ state: "idle" })
      .where("id", "=", id)
      .where("state", "=", "starting")
      .execute();
    await tx.insertInto("instance_events").values({ instance_id: id, kind: "idle" }).execute();
    return { state: "idle", claimId: undefined };
  });
}

/** Idle instances, at most so many, picked at random. */
export async function pickIdle({ db }: Registry, limit: number): Promise<InstanceId[]> {
  const rows = await db
    .selectFrom("instances")
    .select("id")
    .where("state", "=", "idle")
    .where("desired", "=", "present")
    .orderBy(sql`random()`)
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** The instances whose process is expected to run. */
export async function listRunning({
  db,
}: Registry): Promise<{ id: InstanceId; name: ResourceName; epoch: number }[]> {
  return db
    .selectFrom("instances")
    .select(["id", "name", "epoch"])
    .where("state", "in", ["starting", "idle", "claimed", "recovering"])
    .where("desired", "=", "present")
    .where("url", "is not", null)
    .execute();
}

export async function noteEvent(
  { db }: Registry,
  id: InstanceId,
  kind: string,
  detail?: string,
): Promise<void> {
  await db
    .insertInto("instance_events")
    .values({ instance_id: id, kind, detail: detail ?? null })
    .execute();
}

export interface TimelineEntry {
  at: Date;
  kind: string;
  epoch: number | null;
  detail: string | null;
}

const TIMELINE_MAX_ENTRIES = 200;

/** The newest entries, in the order in which they happened. */
export async function readTimeline({ db }: Registry, id: InstanceId): Promise<TimelineEntry[]> {
  const newestFirst = await db
    .selectFrom("instance_events")
    .select(["at", "kind", "epoch", "detail"])
    .where("instance_id", "=", id)
    .orderBy("id", "desc")
    .limit(TIMELINE_MAX_ENTRIES)
    .execute();
  return newestFirst.reverse();
}

/**
 * How many starts of the instance's process were begun within the last hour, whatever became of them, and how long ago
 * the last one succeeded, or the instance came into its state, whichever is later. By the clock of the database, like
 * what it is compared with.
 */
export async function readStarts(
  { db }: Registry,
  id: InstanceId,
): Promise<{ recentStarts: number; startedMsAgo: number }> {
  const { rows } = await sql<{ recent: string; ms_ago: string }>`
    SELECT count(e.id) FILTER (WHERE e.kind = ${LAUNCHING} AND e.at > now() - interval '1 hour') AS recent,
      round(extract(epoch FROM now() - greatest(i.state_since, max(e.at) FILTER (WHERE e.kind = 'launched'))) * 1000)
        AS ms_ago
    FROM instances i LEFT JOIN instance_events e ON e.instance_id = i.id AND e.kind IN (${LAUNCHING}, 'launched')
    WHERE i.id = ${id} GROUP BY i.id`.execute(db);
  return { recentStarts: Number(rows[0]?.recent ?? 0), startedMsAgo: Number(rows[0]?.ms_ago ?? 0) };
}

/** Whether a launch has begun within the time, or has not ended: then a process may still be about to start. */
export async function mayBeLaunching({ db }: Registry, id: InstanceId, withinMs: number): Promise<boolean> {
  const { rows } = await sql<{ busy: boolean }>`
    SELECT coalesce(max(at) > now() - make_interval(secs => ${withinMs / 1000}), false)
      OR count(*) FILTER (WHERE kind = ${LAUNCHING}) > count(*) FILTER (WHERE kind = 'launched') AS busy
    FROM instance_events WHERE instance_id = ${id} AND kind IN (${LAUNCHING}, 'launched')`.execute(db);
  return rows[0]?.busy ?? false;
}
