import { type Kysely, sql } from "kysely";

/** What agents may spend and have spent on models. Amounts are micro-dollars. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE grants (
      instance_id text NOT NULL REFERENCES instances(id),
      kind text NOT NULL CHECK (kind IN ('allowance', 'top-up')),
      reference text NOT NULL,
      amount_micros bigint NOT NULL CHECK (amount_micros >= 0),
      usage_micros bigint NOT NULL,
      granted_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (instance_id, kind, reference)
    )`.execute(db);
  await sql`
    CREATE TABLE spend (
      instance_id text PRIMARY KEY REFERENCES instances(id),
      limit_micros bigint NOT NULL,
      usage_micros bigint NOT NULL DEFAULT 0,
      exhausted_at timestamptz,
      checked_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
  await sql`
    CREATE TABLE spend_days (
      instance_id text NOT NULL REFERENCES instances(id),
      day date NOT NULL,
      usage_micros bigint NOT NULL,
      limit_micros bigint NOT NULL,
      PRIMARY KEY (instance_id, day)
    )`.execute(db);
}
