import { sql } from "kysely";
import { type ErrorCode, PlatformError } from "../../domain/errors.ts";
import type { InstanceId, ResourceName } from "../../domain/ids.ts";
import type { Provider, ResourceOutcome, ResourceState } from "../../domain/resource-state.ts";
import type { Querier } from "./database.ts";
import type { Registry } from "./registry.ts";

/** One external resource of an instance, as the ledger has it. */
export interface LedgerEntry {
  id: string;
  instanceId: InstanceId;
  provider: Provider;
  kind: string;
  name: ResourceName;
  externalId: string | undefined;
  state: ResourceState;
  stateSince: Date;
  ambiguousSince: Date | undefined;
  outcome: ResourceOutcome | undefined;
  lastError: ErrorCode | undefined;
  intendedAt: Date;
}

const COLUMNS = [
  "id",
  "instance_id as instanceId",
  "provider",
  "kind",
  "name",
  "external_id as externalId",
  "state",
  "state_since as stateSince",
  "ambiguous_since as ambiguousSince",
  "outcome",
  "last_error as lastError",
  "intended_at as intendedAt",
] as const;

/**
 * Writes down that a resource is about to be made, in the transaction that checks the fence: after the fence
 * nothing new is intended, and nothing is ever made that the ledger does not know. Throws `instance-doomed`.
 */
export async function intend(
  { db }: Registry,
  instanceId: InstanceId,
  provider: Provider,
  kind: string,
): Promise<LedgerEntry> {
  return db.transaction().execute(async (tx) => {
    const instance = await tx
      .selectFrom("instances")
      .select(["desired", "name"])
      .where("id", "=", instanceId)
      .forShare()
      .executeTakeFirst();
    if (instance?.desired !== "present")
      throw new PlatformError("instance-doomed", { detail: `instance ${instanceId}` });
    await tx
      .insertInto("resources")
      .values({ instance_id: instanceId, provider, kind, name: instance.name })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return readEntry(tx, instanceId, provider, kind);
  });
}

async function readEntry(
  db: Querier,
  instanceId: InstanceId,
  provider: Provider,
  kind: string,
): Promise<LedgerEntry> {
  const row = await db
    .selectFrom("resources")
    .select(COLUMNS)
    .where("instance_id", "=", instanceId)
    .where("provider", "=", provider)
    .where("kind", "=", kind)
    .executeTakeFirstOrThrow();
  return entryOf(row);
}

type Row = {
  [Key in keyof LedgerEntry]: undefined extends LedgerEntry[Key]
    ? Exclude<LedgerEntry[Key], undefined> | null
    : LedgerEntry[Key];
};

const entryOf = (row: Row): LedgerEntry => ({
  ...row,
  externalId: row.externalId ?? undefined,
  ambiguousSince: row.ambiguousSince ?? undefined,
  outcome: row.outcome ?? undefined,
  lastError: row.lastError ?? undefined,
});

/**
 * Stores the provider's id. Works in the caller's transaction, so that a one-time secret is stored with it. False
 * when the resource is being released meanwhile: then whoever made it removes it again.
 */
export async function recordActive(db: Querier, id: string, externalId: string): Promise<boolean> {
  const recorded = await db
    .updateTable("resources")
    .set({ state: "active", external_id: externalId, ambiguous_since: null, last_error: null })
    .where("id", "=", id)
    // An attempt that ended late must not take the place of the one that was recorded.
    .where((eb) =>
      eb.or([
        eb("state", "in", ["intended", "ambiguous"]),
        eb.and([eb("state", "=", "active"), eb("external_id", "=", externalId)]),
      ]),
    )
    .returning("id")
    .executeTakeFirst();
  return recorded !== undefined;
}

/** A create ended without a usable answer: the settle window runs from the first such time. */
export async function recordAmbiguous({ db }: Registry, id: string, code: ErrorCode): Promise<void> {
  await db
    .updateTable("resources")
    .set({
      state: "ambiguous",
      ambiguous_since: sql<Date>`COALESCE(ambiguous_since, now())`,
      last_error: code,
    })
    .where("id", "=", id)
    .where("state", "in", ["intended", "ambiguous"])
    .execute();
}

export async function recordError({ db }: Registry, id: string, code: ErrorCode): Promise<void> {
  await db.updateTable("resources").set({ last_error: code }).where("id", "=", id).execute();
}

export async function readResource({ db }: Registry, id: string): Promise<LedgerEntry> {
  return entryOf(
    await db.selectFrom("resources").select(COLUMNS).where("id", "=", id).executeTakeFirstOrThrow(),
  );
}

export async function listResources({ db }: Registry, instanceId: InstanceId): Promise<LedgerEntry[]> {
  const rows = await db
    .selectFrom("resources")
    .select(COLUMNS)
    .where("instance_id", "=", instanceId)
    .orderBy("id")
    .execute();
  return rows.map(entryOf);
}

/** The keys that work now, by the instance that has them. */
export async function activeModelKeys({ db }: Registry, only?: InstanceId): Promise<Map<InstanceId, string>> {
  let query = db
    .selectFrom("resources")
    .select(["instance_id", "external_id"])
    .where("provider", "=", "openrouter")
    .where("kind", "=", "model-key")
    .where("state", "=", "active");
  if (only !== undefined) query = query.where("instance_id", "=", only);
  const rows = await query.execute();
  return new Map(rows.flatMap((row) => (row.external_id ? [[row.instance_id, row.external_id]] : [])));
}

export async function beginRelease({ db }: Registry, id: string): Promise<void> {
  await db
    .updateTable("resources")
    .set({ state: "releasing" })
    .where("id", "=", id)
    .where("state", "in", ["intended", "active", "ambiguous"])
    .execute();
}

export async function settle({ db }: Registry, id: string, outcome: ResourceOutcome): Promise<void> {
  await db
    .updateTable("resources")
    .set({ state: "settled", outcome: JSON.stringify(outcome), last_error: null })
    .where("id", "=", id)
    .where("state", "=", "releasing")
    .execute();
}
