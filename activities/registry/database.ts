import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import type { Schema } from "./schema.ts";

export type Database = Kysely<Schema>;
/** A database or a transaction on it: what a query needs. */
export type Querier = Database | Transaction<Schema>;

const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Opens the registry. `maxConnections` bounds this process; about 32 in all saturate a small server. */
export function openDatabase(
  url: string,
  options: { maxConnections: number; onError: (error: Error) => void },
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
  });
  // Without listeners a connection that the server drops would end the process: the pool's own hears only of idle ones,
  // and not of one that rests between two statements of a transaction.
  pool.on("connect", (client) => client.on("error", options.onError));
  pool.on("error", () => {
    // Of an idle connection, whose own listener has been told already.
  });
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}
