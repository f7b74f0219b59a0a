import { sql } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { PoolName } from "../../domain/ids.ts";
import type { RolloutStrategy } from "../../domain/rollout.ts";
import type { Querier } from "./database.ts";

/**
 * From here on the pool starts instances of this generation. A pause that the pool put on itself is over, so that going
 * back to the generation before is all that a failed rollout takes. Throws `not-found`.
 */
export async function rollOut(
  db: Querier,
  name: PoolName,
  generation: string,
  strategy: RolloutStrategy,
): Promise<void> {
  const rolledOut = await db
    .updateTable("pools")
    .set({
      generation,
      rollout_strategy: strategy,
      rollout_since: sql<Date>`now()`,
      rollout_failures: 0,
      failures_in_a_row: 0,
      retry_after: null,
      paused_reason: sql<string | null>`CASE WHEN paused_by = 'pool' THEN NULL ELSE paused_reason END`,
      paused_by: sql<"operator" | null>`CASE WHEN paused_by = 'pool' THEN NULL ELSE paused_by END`,
    })
    .where("name", "=", name)
    .returning("name")
    .executeTakeFirst();
  if (!rolledOut) throw new PlatformError("not-found", { detail: `pool ${name}` });
}

/** A rollout is over once the new generation has proven itself and, with `Recreate`, no other one is left unclaimed. */
export async function endRolloutWhenDone(db: Querier, name: PoolName): Promise<void> {
  await sql`
    UPDATE pools SET rollout_since = NULL, rollout_failures = 0
    WHERE name = ${name} AND rollout_since IS NOT NULL
      AND (EXISTS (
        SELECT 1 FROM instances i WHERE i.pool = ${name} AND i.state = 'idle' AND i.generation = pools.generation
      ) OR EXISTS (
        SELECT 1 FROM start_outcomes o JOIN instances i ON i.id = o.instance_id
        WHERE o.pool = ${name} AND o.at >= pools.rollout_since AND o.code IS NULL AND i.generation = pools.generation))
      AND (rollout_strategy = 'OnReplenish' OR NOT EXISTS (
        SELECT 1 FROM instances i WHERE i.pool = ${name} AND i.state IN ('provisioning', 'starting', 'idle')
          AND i.desired = 'present' AND i.generation <> pools.generation))`.execute(db);
}
