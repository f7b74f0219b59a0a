import { sql } from "kysely";
import type { Registry } from "../registry/registry.ts";

/** Names the lock; any number that nothing else in the database uses. */
const LOCK = 5_702_318_842;
/** A number that one agent had is not given to another while people may still write to its former owner. */
const QUARANTINE = "90 days";

/** For some turns of others before its own: longer than a statement may take and a transaction may rest elsewhere. */
const MAX_TURN_MS = "60000";

/** One number is bought at a time in the environment, whoever buys it. */
export const oneAtATime =
  ({ db }: Registry) =>
  <T>(work: () => Promise<T>): Promise<T> =>
    db.transaction().execute(async (tx) => {
      await sql`SELECT set_config('statement_timeout', ${MAX_TURN_MS}, true),
        set_config('idle_in_transaction_session_timeout', ${MAX_TURN_MS}, true)`.execute(tx);
      await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(tx);
      return work();
    });

/** Whether an instance of ours has given the number back not long ago. */
export const wasOurs =
  ({ db }: Registry) =>
  async (phoneNumber: string): Promise<boolean> => {
    const row = await db
      .selectFrom("resources")
      .select("id")
      .where("provider", "=", "telnyx")
      .where("kind", "=", "number")
      .where("external_id", "=", phoneNumber)
      .where("state", "in", ["releasing", "settled"])
      .where("state_since", ">", sql<Date>`now() - ${QUARANTINE}::interval`)
      .executeTakeFirst();
    return row !== undefined;
  };
