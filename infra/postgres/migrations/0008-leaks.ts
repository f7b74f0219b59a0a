import { type Kysely, sql } from "kysely";

/** What the providers have and the ledger does not account for, as it was seen. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE leaks (
      provider text NOT NULL,
      kind text NOT NULL,
      external_id text NOT NULL,
      name text NOT NULL,
      verdict text NOT NULL,
      first_seen_at timestamptz NOT NULL DEFAULT now(),
      last_seen_at timestamptz NOT NULL DEFAULT now(),
      removed_at timestamptz,
      PRIMARY KEY (provider, kind, external_id)
    )`.execute(db);
}
