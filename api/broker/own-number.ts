import type { Registry } from "../../activities/registry/registry.ts";
import type { InstanceId } from "../../domain/ids.ts";

/** Whether an agent serves a claim, and not one that is to end: its rights end with the fence. */
export async function isServing({ db }: Registry, id: InstanceId): Promise<boolean> {
  const row = await db
    .selectFrom("instances")
    .select("id")
    .where("id", "=", id)
    .where("desired", "=", "present")
    .where("state", "in", ["claimed", "recovering"])
    .executeTakeFirst();
  return row !== undefined;
}

/** The phone number of a serving agent in E.164, by the ledger. */
export async function ownNumber(registry: Registry, id: InstanceId): Promise<string | undefined> {
  if (!(await isServing(registry, id))) return undefined;
  const row = await registry.db
    .selectFrom("resources")
    .select("external_id")
    .where("instance_id", "=", id)
    .where("provider", "=", "telnyx")
    .where("kind", "=", "number")
    .where("state", "=", "active")
    .executeTakeFirst();
  return row?.external_id ?? undefined;
}
