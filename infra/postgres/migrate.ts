import { Kysely, PostgresDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import pg from "pg";
import { BINDING_TRANSITIONS } from "../../domain/binding-state.ts";
import { CLAIM_TRANSITIONS } from "../../domain/claim-state.ts";
import { INSTANCE_TRANSITIONS } from "../../domain/instance-state.ts";
import { RESOURCE_TRANSITIONS } from "../../domain/resource-state.ts";
import * as registry from "./migrations/0001-registry.ts";
import * as providerBudgets from "./migrations/0002-provider-budgets.ts";
import * as bootstrapTokens from "./migrations/0003-bootstrap-tokens.ts";
import * as equipment from "./migrations/0004-equipment.ts";
import * as spend from "./migrations/0005-spend.ts";
import * as inbound from "./migrations/0006-inbound.ts";
import * as poolDepth from "./migrations/0007-pool-depth.ts";
import * as leaks from "./migrations/0008-leaks.ts";
import * as expiry from "./migrations/0009-expiry.ts";
import * as joinInbox from "./migrations/0010-join-inbox.ts";

const MIGRATIONS = {
  "0001-registry": registry,
  "0002-provider-budgets": providerBudgets,
  "0003-bootstrap-tokens": bootstrapTokens,
  "0004-equipment": equipment,
  "0005-spend": spend,
  "0006-inbound": inbound,
  "0007-pool-depth": poolDepth,
  "0008-leaks": leaks,
  "0009-expiry": expiry,
  "0010-join-inbox": joinInbox,
};

const TABLES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  instance: INSTANCE_TRANSITIONS,
  claim: CLAIM_TRANSITIONS,
  binding: BINDING_TRANSITIONS,
  resource: RESOURCE_TRANSITIONS,
};

/** Names the lock; any number that nothing else in the database uses. */
const LOCK = 5_702_318_841;
/** For another migration to end, or for a table that is in use. */
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Brings the database to the newest schema and its transition rows to those of `domain/`. Safe to repeat, and at once
 * by two: the second one waits for the first.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  // One connection, so that its lock covers everything here and goes with it.
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, lock_timeout: LOCK_TIMEOUT_MS });
  pool.on("connect", (client) =>
    client.on("error", () => {
      // A statement that runs fails with it. Of a connection that is being closed nobody needs to know.
    }),
  );
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql`SELECT pg_advisory_lock(${LOCK})`.execute(db);
    const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
    const { error } = await migrator.migrateToLatest();
    if (error) throw error;
    await writeTransitions(db as Kysely<{ transitions: Transition }>);
  } finally {
    await db.destroy();
  }
}

interface Transition {
  entity: string;
  from_state: string;
  to_state: string;
}

async function writeTransitions(db: Kysely<{ transitions: Transition }>): Promise<void> {
  const rows = Object.entries(TABLES).flatMap(([entity, table]) =>
    Object.entries(table).flatMap(([from_state, to]) =>
      to.map((to_state) => ({ entity, from_state, to_state })),
    ),
  );
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("transitions").execute();
    await tx.insertInto("transitions").values(rows).execute();
  });
}
