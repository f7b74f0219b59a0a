import { sql } from "kysely";
import type { Database } from "../../activities/registry/database.ts";

const SETTINGS = ["fsync", "synchronous_commit", "full_page_writes", "wal_sync_method"] as const;

/** How Postgres makes a commit durable, as it says itself. */
export async function postgresSyncModes(db: Database): Promise<string> {
  const modes: string[] = [];
  for (const name of SETTINGS) {
    const { rows } = await sql<{ value: string }>`SELECT current_setting(${name}) AS value`.execute(db);
    modes.push(`${name} ${rows[0]?.value}`);
  }
  return `Postgres with ${modes.join(", ")}`;
}
