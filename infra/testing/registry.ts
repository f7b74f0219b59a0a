import { randomBytes } from "node:crypto";
import { openDatabase } from "../../activities/registry/database.ts";
import { newInstanceId } from "../../activities/registry/new-id.ts";
import { ensurePool, instanceKeyContext } from "../../activities/registry/pools.ts";
import type { Registry } from "../../activities/registry/registry.ts";
import { localVault } from "../../activities/registry/vault.ts";
import { type InstanceId, type PoolName, parsePoolName, resourceName } from "../../domain/ids.ts";
import { startTemporaryPostgres } from "../local/postgres/temporary.ts";
import { migrate } from "../postgres/migrate.ts";

export interface TestRegistry extends AsyncDisposable {
  registry: Registry;
  pool: PoolName;
  url: string;
  /** What it seals with; 32 bytes. */
  masterKey: Buffer;
  /** An instance that is idle, without any process behind it. */
  idle(): Promise<InstanceId>;
}

/** A migrated registry on a Postgres of its own, with one pool. `durable`: with fsync, as in earnest. */
export async function startTestRegistry(durable = false): Promise<TestRegistry> {
  const postgres = await startTemporaryPostgres(durable);
  await migrate(postgres.url);
  const db = openDatabase(postgres.url, {
    maxConnections: 16,
    onError: (error) => console.error(error.message),
  });
  const masterKey = randomBytes(32);
  const registry: Registry = {
    db,
    vault: localVault({ master: masterKey, previous: [], digest: masterKey }),
    environment: "test",
    prefix: "cv",
  };
  const pool = parsePoolName("default");
  if (!pool) throw new Error("the pool's name must be one");
  await ensurePool(
    registry,
    { name: pool, target: 3, surge: 2, generation: "g1", numberTiming: "eager", walletTiming: "eager" },
    true,
  );
  return {
    registry,
    pool,
    url: postgres.url,
    masterKey,
    async idle() {
      const id = newInstanceId();
      const row = { id, pool, name: resourceName("cv", "test", id), generation: "g1" };
      await db
        .insertInto("instances")
        .values({
          ...row,
          state: "idle",
          data_key: (await registry.vault.newDataKey(instanceKeyContext(id))).sealed,
        })
        .execute();
      return id;
    },
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await postgres.stop();
    },
  };
}
