import { sql } from "kysely";
import type { InstanceId, ResourceName } from "../../domain/ids.ts";
import type { LeakVerdict, LedgerRow } from "../../domain/leak.ts";
import type { Provider } from "../../domain/resource-state.ts";
import type { Registry } from "./registry.ts";

export interface Leak {
  provider: Provider;
  kind: string;
  externalId: string;
  name: string;
  verdict: LeakVerdict;
  firstSeenAt: Date;
  removedAt: Date | undefined;
}

/** Writes down that it was seen. Answers since when it is known. */
export async function noteLeak(
  { db }: Registry,
  leak: Pick<Leak, "provider" | "kind" | "externalId" | "name" | "verdict">,
): Promise<{ firstSeenAt: Date; isSeenAgain: boolean }> {
  const row = await db
    .insertInto("leaks")
    .values({
      provider: leak.provider,
      kind: leak.kind,
      external_id: leak.externalId,
      name: leak.name,
      verdict: leak.verdict,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["provider", "kind", "external_id"])
        .doUpdateSet({ verdict: leak.verdict, last_seen_at: sql<Date>`now()`, removed_at: null }),
    )
    .returning(["first_seen_at", sql<boolean>`xmax <> 0`.as("again")])
    .executeTakeFirstOrThrow();
  return { firstSeenAt: row.first_seen_at, isSeenAgain: row.again };
}

export async function noteRemoved({ db }: Registry, leak: Pick<Leak, "provider" | "kind" | "externalId">) {
  await db
    .updateTable("leaks")
    .set({ removed_at: sql<Date>`now()` })
    .where("provider", "=", leak.provider)
    .where("kind", "=", leak.kind)
    .where("external_id", "=", leak.externalId)
    .execute();
}

/** What is gone by itself, or was in order when it was looked at again, is forgotten. */
export async function forgetLeaksBefore({ db }: Registry, at: Date): Promise<void> {
  await db.deleteFrom("leaks").where("last_seen_at", "<", at).where("removed_at", "is", null).execute();
}

/** The ledger's row for what stands under this name, read now, and whose it is. */
export async function ledgerRowOf(
  { db }: Registry,
  { provider, kind, name }: { provider: Provider; kind: string; name: string },
): Promise<(LedgerRow & { instanceId: InstanceId; name: ResourceName }) | undefined> {
  const row = await db
    .selectFrom("resources")
    .select(["instance_id", "name", "external_id", "state", "outcome"])
    .where("provider", "=", provider)
    .where("kind", "=", kind)
    .where(sql<boolean>`name = ${name}`)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    instanceId: row.instance_id,
    name: row.name,
    externalId: row.external_id ?? undefined,
    state: row.state,
    outcome: row.outcome ?? undefined,
  };
}
