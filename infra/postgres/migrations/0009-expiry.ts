import { type Kysely, sql } from "kysely";

/** When an instance's conversation ends because its people have said so. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE instances ADD COLUMN expires_at timestamptz`.execute(db);
}
