import { sql } from "kysely";
import { claimKeyContext } from "./claim-texts.ts";
import { instanceKeyContext } from "./pools.ts";
import type { Registry } from "./registry.ts";

/**
 * Wraps every data key anew that an earlier master key wrapped, so that the earlier one can be dropped. Answers how
 * many there were: 0 says that none is left. What is purged meanwhile stays purged.
 */
export async function rewrapDataKeys(registry: Registry): Promise<number> {
  const instances = await rewrapTable(registry, "instances", instanceKeyContext);
  return instances + (await rewrapTable(registry, "claims", claimKeyContext));
}

async function rewrapTable<Id>(
  { db, vault: { keys } }: Registry,
  table: "instances" | "claims",
  contextOf: (id: Id) => string,
): Promise<number> {
  const { rows } = await sql<{ id: Id; data_key: Buffer }>`
    SELECT id, data_key FROM ${sql.table(table)} WHERE data_key IS NOT NULL`.execute(db);
  let rewrapped = 0;
  for (const { id, data_key } of rows) {
    const context = contextOf(id);
    if (!(await keys.isOutdated(data_key, context))) continue;
    const wrapped = await keys.wrap(await keys.unwrap(data_key, context), context);
    const { numAffectedRows = 0n } = await sql`
      UPDATE ${sql.table(table)} SET data_key = ${wrapped} WHERE id = ${id} AND data_key = ${data_key}`.execute(
      db,
    );
    rewrapped += Number(numAffectedRows);
  }
  return rewrapped;
}
