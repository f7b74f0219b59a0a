import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import { openDatabase } from "../../activities/registry/database.ts";
import { ensurePool } from "../../activities/registry/pools.ts";
import type { Registry } from "../../activities/registry/registry.ts";
import { localVault } from "../../activities/registry/vault.ts";
import type { MasterKeySet } from "../../infra/config/master-keys.ts";
import { startTemporaryPostgres } from "../../infra/local/postgres/temporary.ts";
import { findTemporal } from "../../infra/local/temporal/find.ts";
import { startTemporal } from "../../infra/local/temporal.ts";
import { migrate } from "../../infra/postgres/migrate.ts";
import { parseConfig } from "../config.ts";
import type { LogFields } from "../log.ts";
import { type RunningGateway, startGateway } from "../start.ts";

export const API_KEY = "test-key-0123456789abcdef";

export interface LogLine extends LogFields {
  readonly event: string;
}

/** A gateway on real Postgres and Temporal. No worker runs: tests do what one would do. */
export interface Fixture extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly registry: Registry;
  readonly client: Client;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** What the gateways seal with. */
  readonly keys: MasterKeySet;
  readonly log: LogLine[];
  /** Another gateway of the same platform. */
  startAnother(environment?: Readonly<Record<string, string>>): Promise<RunningGateway>;
}

export async function startFixture(): Promise<Fixture> {
  const stack = new AsyncDisposableStack();
  try {
    return await assemble(stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function assemble(stack: AsyncDisposableStack): Promise<Fixture> {
  const [postgres, temporalAddress] = await Promise.all([startTemporaryPostgres(), startServer(stack)]);
  stack.defer(postgres.stop);
  await migrate(postgres.url);
  const masterKey = randomBytes(32);
  const keys: MasterKeySet = { master: masterKey, previous: [], digest: masterKey };
  const db = openDatabase(postgres.url, {
    maxConnections: 4,
    // Only connections that are closing anyway, when Postgres stops.
    onError: () => undefined,
  });
  stack.defer(() => db.destroy());
  const registry: Registry = {
    db,
    vault: localVault(keys),
    environment: "local",
    prefix: "cv",
  };
  const pool = parseConfig(environmentOf(postgres.url, temporalAddress, masterKey)).pool;
  await ensurePool(
    registry,
    { name: pool, target: 0, surge: 0, generation: "test", numberTiming: "eager", walletTiming: "eager" },
    true,
  );

  const log: LogLine[] = [];
  const startAnother = async (more: Readonly<Record<string, string>> = {}): Promise<RunningGateway> => {
    const config = parseConfig({ ...environmentOf(postgres.url, temporalAddress, masterKey), ...more });
    const gateway = await startGateway(config, (event, fields) => log.push({ event, ...fields }));
    stack.defer(gateway.stop);
    return gateway;
  };
  const gateway = await startAnother();
  const connection = await Connection.connect({ address: temporalAddress });
  stack.defer(() => connection.close());
  return {
    gateway,
    registry,
    client: new Client({ connection }),
    databaseUrl: postgres.url,
    temporalAddress,
    keys,
    log,
    startAnother,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const environmentOf = (databaseUrl: string, temporalAddress: string, masterKey: Buffer) => ({
  DATABASE_URL: databaseUrl,
  TEMPORAL_ADDRESS: temporalAddress,
  TEMPORAL_UI_URL: "http://127.0.0.1:8233",
  API_KEY,
  API_PORT: "0",
  MASTER_KEY: masterKey.toString("base64"),
});

/** A Temporal server for this test alone, unless the environment names one. */
async function startServer(stack: AsyncDisposableStack): Promise<string> {
  const found = await findTemporal({ env: process.env, note: (text) => process.stderr.write(`${text}\n`) });
  if (found.kind === "server") return found.address;
  const dir = await mkdtemp(join(tmpdir(), "convos-temporal-"));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const server = await startTemporal({ cli: found, dir, headless: true, log: () => undefined });
  stack.defer(server.stop);
  return server.address;
}
