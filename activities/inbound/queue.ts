import { sql } from "kysely";
import type { InstanceId } from "../../domain/ids.ts";
import type { InboundProvider } from "../../domain/inbound.ts";
import type { AgentTarget } from "../agent/agent-client.ts";
import { countDrops } from "../registry/inbound.ts";
import type { Registry } from "../registry/registry.ts";
import { openSecret } from "../registry/secrets.ts";

/** Instances whose agent runs and has something due, the longest overdue first. */
export async function dueInstances({ db }: Registry, limit: number): Promise<InstanceId[]> {
  const rows = await db
    .selectFrom("inbound")
    .innerJoin("instances", "instances.id", "inbound.instance_id")
    .select("instance_id")
    .where("delivered_at", "is", null)
    .where("next_attempt_at", "<=", sql<Date>`now()`)
    .where("instances.desired", "=", "present")
    .where("instances.state", "=", "claimed")
    .where("instances.url", "is not", null)
    .groupBy("instance_id")
    .orderBy((eb) => eb.fn.min("next_attempt_at"))
    .limit(limit)
    .execute();
  return rows.map(({ instance_id: id }) => id);
}

/** What waits for the agent, the oldest first; `onlyDue` leaves out what was tried a moment ago. */
export async function waitingIds(
  { db }: Registry,
  id: InstanceId,
  options: { onlyDue: boolean; limit: number },
): Promise<string[]> {
  let query = db
    .selectFrom("inbound")
    .select("id")
    .where("instance_id", "=", id)
    .where("delivered_at", "is", null)
    .orderBy("received_at")
    .limit(options.limit);
  if (options.onlyDue) query = query.where("next_attempt_at", "<=", sql<Date>`now()`);
  return (await query.execute()).map((row) => row.id);
}

/** Where the agent of a claimed instance listens; undefined while it does not. */
export async function findTarget({ db, vault }: Registry, id: InstanceId): Promise<AgentTarget | undefined> {
  const row = await db
    .selectFrom("instances")
    .innerJoin("secrets", "secrets.instance_id", "instances.id")
    .select(["url", "epoch", "data_key", "sealed"])
    .where("instances.id", "=", id)
    .where("instances.desired", "=", "present")
    .where("instances.state", "in", ["claimed", "recovering"])
    .where("secrets.kind", "=", "instance-secret")
    .executeTakeFirst();
  if (!row?.url || !row.data_key) return undefined;
  const instanceSecret = await openSecret(vault, id, "instance-secret", row.data_key, row.sealed);
  return { url: row.url, instanceId: id, epoch: row.epoch, instanceSecret };
}

const FIRST_PAUSE_S = 30;
const MAX_PAUSE_S = 900;

/**
 * Leaves what waits for the agent alone for a while: 30 s, then twice as long each time, at most 15 min. `told`: only
 * these, which are told again when the agent has not fetched them by then; without it all, as it does not answer.
 */
export async function postpone({ db }: Registry, id: InstanceId, told?: readonly string[]): Promise<void> {
  await sql`
    UPDATE inbound SET attempts = attempts + 1,
      next_attempt_at = now() + make_interval(secs => least(${MAX_PAUSE_S}::float8, ${FIRST_PAUSE_S} * 2 ^ least(attempts, 10)))
    WHERE instance_id = ${id} AND delivered_at IS NULL
      AND (${told ?? null}::text[] IS NULL OR id = ANY(${told ?? null}::text[]))`.execute(db);
}

/** A row is kept this long: to know a repetition, or for an agent that does not come back. */
const KEPT_DAYS = 7;
const MAX_FORGOTTEN = 5_000;

/** Removes what is too old, and counts what of it was never fetched. */
export async function forgetOld({ db }: Registry): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ provider: InboundProvider; fetched: boolean }>`
      DELETE FROM inbound WHERE id IN (
        SELECT id FROM inbound WHERE received_at < now() - make_interval(days => ${KEPT_DAYS})
        ORDER BY received_at LIMIT ${MAX_FORGOTTEN} FOR UPDATE SKIP LOCKED)
      RETURNING provider, delivered_at IS NOT NULL AS fetched`.execute(tx);
    const lost = Map.groupBy(
      rows.filter(({ fetched }) => !fetched),
      ({ provider }) => provider,
    );
    for (const [provider, { length }] of lost) await countDrops(tx, provider, "expired", length);
  });
}
