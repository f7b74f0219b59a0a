import { type Kysely, sql } from "kysely";

/**
 * The registry: who owns what. Guards are constraints: one binding per instance ever (I1), one active binding
 * per claim and one open claim per key and per invite (I2), one resource per instance, provider and kind (I4),
 * and every state change checked against the transition tables of `domain/`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE transitions (
      entity text NOT NULL,
      from_state text NOT NULL,
      to_state text NOT NULL,
      PRIMARY KEY (entity, from_state, to_state)
    )`.execute(db);
  await sql`
    CREATE FUNCTION enforce_transition() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.state = OLD.state THEN RETURN NEW; END IF;
      IF NOT EXISTS (SELECT 1 FROM transitions
                     WHERE entity = TG_ARGV[0] AND from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION '% may not move from % to %', TG_ARGV[0], OLD.state, NEW.state
          USING ERRCODE = 'check_violation';
      END IF;
      NEW.state_since = now();
      RETURN NEW;
    END $$`.execute(db);

  await sql`
    CREATE TABLE pools (
      name text PRIMARY KEY,
      target integer NOT NULL CHECK (target >= 0),
      surge integer NOT NULL DEFAULT 2 CHECK (surge >= 0),
      generation text NOT NULL,
      paused_reason text,
      extra integer NOT NULL DEFAULT 0 CHECK (extra >= 0),
      failures_in_a_row integer NOT NULL DEFAULT 0,
      retry_after timestamptz,
      nudged_at timestamptz
    )`.execute(db);

  await sql`
    CREATE TABLE instances (
      id text PRIMARY KEY,
      pool text NOT NULL REFERENCES pools(name),
      name text NOT NULL UNIQUE,
      generation text NOT NULL,
      state text NOT NULL DEFAULT 'provisioning',
      state_since timestamptz NOT NULL DEFAULT now(),
      desired text NOT NULL DEFAULT 'present' CHECK (desired IN ('present', 'absent')),
      epoch integer NOT NULL DEFAULT 0,
      ready_epoch integer NOT NULL DEFAULT 0,
      url text,
      inbox_id text,
      conversation_id text,
      data_key bytea,
      end_reason text,
      plan_supply integer,
      plan_limit integer,
      created_at timestamptz NOT NULL DEFAULT now(),
      ended_at timestamptz,
      CONSTRAINT instances_planned_below_limit CHECK (plan_supply IS NULL OR plan_supply < plan_limit),
      CONSTRAINT instances_end_has_reason CHECK (desired = 'present' OR end_reason IS NOT NULL)
    )`.execute(db);
  await sql`CREATE INDEX instances_idle ON instances (pool, state_since) WHERE state = 'idle' AND desired = 'present'`.execute(
    db,
  );
  await sql`CREATE INDEX instances_open ON instances (pool, state) WHERE state <> 'exploded'`.execute(db);
  await sql`CREATE TRIGGER instances_transition BEFORE UPDATE OF state ON instances
    FOR EACH ROW EXECUTE FUNCTION enforce_transition('instance')`.execute(db);

  await sql`
    CREATE TABLE claims (
      id text PRIMARY KEY,
      pool text NOT NULL REFERENCES pools(name),
      key_hash bytea NOT NULL,
      body_mac bytea NOT NULL,
      invite_hash bytea,
      on_empty text NOT NULL CHECK (on_empty IN ('wait', 'reject')),
      state text NOT NULL,
      state_since timestamptz NOT NULL DEFAULT now(),
      attempt integer NOT NULL DEFAULT 0,
      join_sent boolean NOT NULL DEFAULT false,
      failure_code text,
      data_key bytea,
      input bytea,
      result bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      CHECK (state <> 'failed' OR failure_code IS NOT NULL)
    )`.execute(db);
  await sql`CREATE UNIQUE INDEX claims_open_key ON claims (key_hash) WHERE state IN ('waiting', 'bound', 'pending', 'live')`.execute(
    db,
  );
  await sql`CREATE UNIQUE INDEX claims_open_invite ON claims (invite_hash) WHERE state IN ('waiting', 'bound', 'pending', 'live')`.execute(
    db,
  );
  await sql`CREATE INDEX claims_waiting ON claims (pool, created_at) WHERE state = 'waiting'`.execute(db);
  await sql`CREATE TRIGGER claims_transition BEFORE UPDATE OF state ON claims
    FOR EACH ROW EXECUTE FUNCTION enforce_transition('claim')`.execute(db);

  await sql`
    CREATE TABLE bindings (
      instance_id text PRIMARY KEY REFERENCES instances(id),
      claim_id text NOT NULL REFERENCES claims(id),
      attempt integer NOT NULL,
      state text NOT NULL DEFAULT 'active',
      state_since timestamptz NOT NULL DEFAULT now(),
      bound_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (claim_id, attempt)
    )`.execute(db);
  await sql`CREATE UNIQUE INDEX bindings_active ON bindings (claim_id) WHERE state = 'active'`.execute(db);
  await sql`CREATE TRIGGER bindings_transition BEFORE UPDATE OF state ON bindings
    FOR EACH ROW EXECUTE FUNCTION enforce_transition('binding')`.execute(db);

  await sql`
    CREATE TABLE resources (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      instance_id text NOT NULL REFERENCES instances(id),
      provider text NOT NULL,
      kind text NOT NULL,
      name text NOT NULL,
      external_id text,
      state text NOT NULL DEFAULT 'intended',
      state_since timestamptz NOT NULL DEFAULT now(),
      ambiguous_since timestamptz,
      outcome jsonb,
      last_error text,
      UNIQUE (instance_id, provider, kind),
      CHECK (state <> 'active' OR external_id IS NOT NULL),
      CHECK ((state = 'settled') = (outcome IS NOT NULL))
    )`.execute(db);
  await sql`CREATE INDEX resources_open ON resources (provider, name) WHERE state <> 'settled'`.execute(db);
  await sql`CREATE TRIGGER resources_transition BEFORE UPDATE OF state ON resources
    FOR EACH ROW EXECUTE FUNCTION enforce_transition('resource')`.execute(db);

  await sql`
    CREATE TABLE secrets (
      instance_id text NOT NULL REFERENCES instances(id),
      kind text NOT NULL,
      sealed bytea NOT NULL,
      PRIMARY KEY (instance_id, kind)
    )`.execute(db);

  await sql`
    CREATE TABLE instance_events (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      instance_id text NOT NULL REFERENCES instances(id),
      at timestamptz NOT NULL DEFAULT now(),
      kind text NOT NULL,
      epoch integer,
      sequence integer,
      detail text
    )`.execute(db);
  await sql`CREATE INDEX instance_events_by_instance ON instance_events (instance_id, id)`.execute(db);
  await sql`CREATE UNIQUE INDEX instance_events_once ON instance_events (instance_id, epoch, sequence)
    WHERE sequence IS NOT NULL`.execute(db);

  await sql`
    CREATE TABLE receipts (
      instance_id text PRIMARY KEY REFERENCES instances(id),
      body text NOT NULL,
      signature text NOT NULL,
      key_id text NOT NULL,
      signed_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
}
