import { sql } from "kysely";
import { PlatformError } from "../../domain/errors.ts";
import type { Registry } from "../registry/registry.ts";

/** Longer than any run takes. Its transaction only holds the lock, so nobody waits for what it has read. */
const MAX_RUN_MS = 90_000;
const RETRY_AFTER_MS = 5_000;

/**
 * Runs the work unless another run of the same name goes on, in this process or another: a worker that is cut off from
 * Temporal is taken for dead and its activity run again, while it still waits for a provider. Throws `transient` then.
 * The lock goes with the process. It costs a connection for as long as the work takes.
 */
export async function oneRun<T>({ db }: Registry, name: string, work: () => Promise<T>): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`SELECT set_config('idle_in_transaction_session_timeout', ${String(MAX_RUN_MS)}, true)`.execute(
      tx,
    );
    const { rows } = await sql<{
      taken: boolean;
    }>`SELECT pg_try_advisory_xact_lock(hashtextextended(${`run/${name}`}, 0)) AS taken`.execute(tx);
    if (rows[0]?.taken !== true)
      throw new PlatformError("transient", {
        detail: `another run goes on: ${name}`,
        retryAfterMs: RETRY_AFTER_MS,
      });
    return work();
  });
}
