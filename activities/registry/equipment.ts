import { sql } from "kysely";
import { type EquipmentFacts, equipmentKey } from "../../domain/equipment.ts";
import type { ErrorCode } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import type { Provider } from "../../domain/resource-state.ts";
import type { Registry } from "./registry.ts";

/** What decides on the instance's equipment, but for which providers there are. */
export async function readEquipment(
  { db }: Registry,
  id: InstanceId,
): Promise<Omit<EquipmentFacts, "configured">> {
  const pool = await db
    .selectFrom("instances")
    .innerJoin("pools", "pools.name", "instances.pool")
    .select(["number_timing", "wallet_timing"])
    .where("instances.id", "=", id)
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom("resources")
    .select(["provider", "kind", "state"])
    .select(sql<number | null>`(extract(epoch FROM now() - tried_at) * 1000)::float8`.as("triedMsAgo"))
    .where("instance_id", "=", id)
    .execute();
  return {
    timings: { number: pool.number_timing, wallet: pool.wallet_timing },
    ledger: new Map(
      rows.map((row) => [equipmentKey(row), { state: row.state, triedMsAgo: row.triedMsAgo ?? undefined }]),
    ),
  };
}

/** Notes a try that did not work, with its code. */
export async function noteTry(
  { db }: Registry,
  id: InstanceId,
  provider: Provider,
  kind: string,
  code: ErrorCode,
): Promise<void> {
  await db
    .updateTable("resources")
    .set({ tried_at: sql<Date>`now()`, last_error: code })
    .where("instance_id", "=", id)
    .where("provider", "=", provider)
    .where("kind", "=", kind)
    .execute();
}
