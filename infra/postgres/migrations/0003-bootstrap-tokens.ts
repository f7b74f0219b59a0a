import { type Kysely, sql } from "kysely";

/** One token of an instance at most: its hash, and the start of the process that it is for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE bootstrap_tokens (
      instance_id text PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
      epoch integer NOT NULL,
      token_hash bytea NOT NULL,
      expires_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX bootstrap_tokens_expiry ON bootstrap_tokens (expires_at)`.execute(db);
}
