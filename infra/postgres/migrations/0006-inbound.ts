import { type Kysely, sql } from "kysely";

/**
 * What has come for an agent from outside and waits to be fetched by it. The body is sealed and goes when it has been
 * delivered; the row stays for a while, so that a provider's repetition is known as one. `id` cannot be guessed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE inbound (
      id text PRIMARY KEY,
      instance_id text NOT NULL REFERENCES instances(id),
      provider text NOT NULL,
      event_id text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('sms', 'mail', 'credits')),
      sealed bytea,
      received_at timestamptz NOT NULL DEFAULT now(),
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz NOT NULL DEFAULT now(),
      delivered_at timestamptz,
      UNIQUE (provider, event_id),
      CHECK (delivered_at IS NULL OR sealed IS NULL),
      CHECK (delivered_at IS NOT NULL OR (kind = 'credits') = (sealed IS NULL))
    )`.execute(db);
  await sql`CREATE INDEX inbound_due ON inbound (next_attempt_at) WHERE delivered_at IS NULL`.execute(db);
  await sql`CREATE INDEX inbound_of_instance ON inbound (instance_id, received_at)`.execute(db);
  await sql`CREATE INDEX inbound_age ON inbound (received_at)`.execute(db);
  await sql`CREATE INDEX resources_external ON resources (provider, external_id) WHERE state = 'active'`.execute(
    db,
  );
  await sql`
    CREATE TABLE inbound_drops (
      provider text NOT NULL,
      reason text NOT NULL,
      count bigint NOT NULL DEFAULT 0,
      last_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (provider, reason)
    )`.execute(db);
}
