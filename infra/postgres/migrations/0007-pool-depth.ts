import { type Kysely, sql } from "kysely";

/**
 * How a pool shapes its starts, replaces what is old, and stops when what it starts, or what its claims meet, fails
 * alike. A row of `pool_breakers` is an open breaker; one of `start_outcomes` is how an instance's start ended.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE pools
      ADD COLUMN starts_per_minute integer NOT NULL DEFAULT 6000 CHECK (starts_per_minute >= 1),
      ADD COLUMN max_age_s integer NOT NULL DEFAULT 86400 CHECK (max_age_s >= 0),
      ADD COLUMN paused_by text CHECK (paused_by IN ('operator', 'pool')),
      ADD COLUMN configured_generation text,
      ADD COLUMN rollout_strategy text NOT NULL DEFAULT 'OnReplenish'
        CHECK (rollout_strategy IN ('OnReplenish', 'Recreate')),
      ADD COLUMN rollout_since timestamptz,
      ADD COLUMN rollout_failures integer NOT NULL DEFAULT 0
  `.execute(db);
  await sql`UPDATE pools SET paused_by = 'operator' WHERE paused_reason IS NOT NULL`.execute(db);
  await sql`
    CREATE TABLE start_outcomes (
      instance_id text PRIMARY KEY REFERENCES instances(id) ON DELETE CASCADE,
      pool text NOT NULL REFERENCES pools(name) ON DELETE CASCADE,
      at timestamptz NOT NULL DEFAULT now(),
      code text
    )`.execute(db);
  await sql`CREATE INDEX start_outcomes_newest ON start_outcomes (pool, at)`.execute(db);
  await sql`
    CREATE TABLE pool_breakers (
      pool text NOT NULL REFERENCES pools(name) ON DELETE CASCADE,
      kind text NOT NULL CHECK (kind IN ('starts', 'claims')),
      code text NOT NULL,
      opened_at timestamptz NOT NULL DEFAULT now(),
      trial_at timestamptz,
      PRIMARY KEY (pool, kind)
    )`.execute(db);
  await sql`CREATE INDEX instance_events_of_claims ON instance_events (at)
    WHERE kind IN ('quarantined', 'live', 'pending')`.execute(db);
  await sql`CREATE INDEX instances_planned ON instances (pool, created_at)`.execute(db);
}
