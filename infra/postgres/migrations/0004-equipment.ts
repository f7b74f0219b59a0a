import { type Kysely, sql } from "kysely";

/** When numbers and wallets are made, for each pool; when a resource was first and last tried, and the accounts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE pools
      ADD COLUMN number_timing text NOT NULL DEFAULT 'eager' CHECK (number_timing IN ('eager', 'on-demand', 'off')),
      ADD COLUMN wallet_timing text NOT NULL DEFAULT 'eager' CHECK (wallet_timing IN ('eager', 'on-demand', 'off'))
  `.execute(db);
  await sql`ALTER TABLE resources ADD COLUMN tried_at timestamptz, ADD COLUMN intended_at timestamptz NOT NULL DEFAULT now()`.execute(
    db,
  );
  await sql`
    CREATE TABLE provider_accounts (
      provider text PRIMARY KEY,
      account text NOT NULL,
      configured boolean NOT NULL
    )`.execute(db);
}
