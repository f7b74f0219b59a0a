import { sql } from "kysely";
import type { ClaimId, InstanceId } from "../../domain/ids.ts";
import type { EndReason } from "../../domain/instance-state.ts";
import type { Registry } from "./registry.ts";

/** Claims that still have to end or become live, and when they were taken in. The workflow of each must be running. */
export async function openClaims(
  { db }: Registry,
  olderThanMs: number,
): Promise<{ id: ClaimId; createdAt: Date }[]> {
  const rows = await db
    .selectFrom("claims")
    .select(["id", "created_at"])
    .where("state", "in", ["waiting", "bound", "pending"])
    .where("created_at", "<", sql<Date>`now() - make_interval(secs => ${olderThanMs / 1000})`)
    .orderBy("created_at")
    .execute();
  return rows.map((row) => ({ id: row.id, createdAt: row.created_at }));
}

/** Instances that are to be present. The lifecycle of each must be running. */
export async function presentInstances({ db }: Registry): Promise<InstanceId[]> {
  const rows = await db
    .selectFrom("instances")
    .select("id")
    .where("desired", "=", "present")
    .where("state", "<>", "quarantined")
    .orderBy("created_at")
    .execute();
  return rows.map((row) => row.id);
}

/** Instances that are to be absent, or were quarantined long enough. The Explode of each must be running. */
export async function doomedInstances(
  { db }: Registry,
  quarantineMs: number,
): Promise<{ id: InstanceId; reason: EndReason }[]> {
  const rows = await db
    .selectFrom("instances")
    .select(["id", "end_reason"])
    .where((eb) =>
      eb.or([
        eb.and([eb("desired", "=", "absent"), eb("state", "<>", "exploded")]),
        eb.and([
          eb("state", "=", "quarantined"),
          eb("state_since", "<", sql<Date>`now() - make_interval(secs => ${quarantineMs / 1000})`),
        ]),
      ]),
    )
    .orderBy("created_at")
    .execute();
  return rows.map((row) => ({ id: row.id, reason: row.end_reason ?? "claim-failed" }));
}
