import { type Kysely, sql } from "kysely";

/** The inbox that an agent joins others' conversations with, beside the one of its own conversation. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE instances ADD COLUMN join_inbox_id text`.execute(db);
}
