import { Client, Connection } from "@temporalio/client";
import type { DataConverter } from "@temporalio/common";
import { NativeConnection } from "@temporalio/worker";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { AgentClient } from "../activities/agent/agent-client.ts";
import type { ComputeDriver } from "../activities/compute/driver.ts";
import { ProcessDriver } from "../activities/compute/process/process-driver.ts";
import { StandInDriver } from "../activities/compute/stand-in/stand-in-driver.ts";
import type { Dependencies } from "../activities/dependencies.ts";
import { OpenRouterClient } from "../activities/openrouter/client.ts";
import { OPENROUTER_BUDGET } from "../activities/rate-limit/default-budgets.ts";
import { openDatabase } from "../activities/registry/database.ts";
import { ensurePool } from "../activities/registry/pools.ts";
import { ReceiptSigner } from "../activities/registry/receipt.ts";
import { rewrapDataKeys } from "../activities/registry/rewrap.ts";
import { localVault } from "../activities/registry/vault.ts";
import { ResourceCatalogue } from "../activities/resources/catalogue.ts";
import { parsePoolName } from "../domain/ids.ts";
import { dataConverterOf } from "../infra/codec/data-converter.ts";
import { ConfigError } from "../infra/config/environment.ts";
import { masterKeysOf } from "../infra/config/master-keys.ts";
import { WORKERS, type WorkerConfig } from "./config.ts";
import { equipmentKinds } from "./equipment-kinds.ts";
import { log } from "./log.ts";
import { BudgetOverrides, Budgets } from "./provider-budgets.ts";

/** From the start of an agent's process until it listens; being ready takes longer. */
const LAUNCH_TIMEOUT_MS = 30_000;

const Command = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });
const Environment = Type.Record(Type.String(), Type.String());

export interface Composition {
  dependencies: Dependencies;
  connection: NativeConnection;
  /** Of every client and worker. */
  dataConverter: DataConverter;
  close(): Promise<void>;
}

/** Makes everything that the activities work with, from the configuration. */
export async function compose(config: WorkerConfig, maxConnections: number): Promise<Composition> {
  const masterKeys = masterKeysOf(config, WORKERS.name);
  const dataConverter = dataConverterOf(masterKeys, config.TEMPORAL_CODEC);
  const db = openDatabase(config.DATABASE_URL, {
    maxConnections,
    onError: (error) => log({ event: "database-connection-lost", error: error.message }),
  });
  const connection = await NativeConnection.connect({ address: config.TEMPORAL_ADDRESS });
  const clientConnection = await Connection.connect({ address: config.TEMPORAL_ADDRESS });
  const registry = {
    db,
    vault: localVault(masterKeys),
    environment: config.ENVIRONMENT,
    prefix: config.RESOURCE_PREFIX,
  };
  const pool = parsePoolName(config.POOL);
  if (!pool) throw new ConfigError(WORKERS.name, ["POOL is not a pool's name"]);
  await ensurePool(
    registry,
    {
      name: pool,
      target: config.POOL_TARGET,
      surge: config.POOL_SURGE,
      generation: config.GENERATION,
      numberTiming: config.POOL_NUMBER,
      walletTiming: config.POOL_WALLET,
    },
    config.POOL_RETARGET === "1",
  );
  if (masterKeys.previous.length > 0)
    log({ event: "data-keys-rewrapped", count: await rewrapDataKeys(registry) });
  const budgets = new Budgets(db, json(BudgetOverrides, "PROVIDER_BUDGETS", config.PROVIDER_BUDGETS));
  const openrouter = new OpenRouterClient({
    baseUrl: config.OPENROUTER_BASE_URL,
    managementKey: config.OPENROUTER_MANAGEMENT_KEY,
    fetch: budgets.fetchFor(OPENROUTER_BUDGET),
  });
  return {
    connection,
    dataConverter,
    dependencies: {
      registry,
      temporal: new Client({
        connection: clientConnection,
        namespace: config.TEMPORAL_NAMESPACE,
        dataConverter,
      }),
      compute: computeDriver(config),
      agents: new AgentClient(),
      openrouter,
      resources: new ResourceCatalogue(equipmentKinds(config, registry, openrouter, budgets)),
      retention: { backupHours: config.BACKUP_RETENTION_H, historyHours: config.HISTORY_RETENTION_H },
      receipts: new ReceiptSigner(Buffer.from(config.RECEIPT_KEY, "base64")),
      agentEnvironment: json(Environment, "AGENT_ENVIRONMENT", config.AGENT_ENVIRONMENT),
      quarantineMs: config.QUARANTINE_MS,
    },
    async close() {
      await clientConnection.close();
      await connection.close();
      await db.destroy();
    },
  };
}

function computeDriver(config: WorkerConfig): ComputeDriver {
  switch (config.COMPUTE) {
    case "process": {
      if (!config.COMPUTE_DIR || !config.AGENT_COMMAND) {
        throw new ConfigError(WORKERS.name, [
          "COMPUTE_DIR and AGENT_COMMAND are required for COMPUTE=process",
        ]);
      }
      const command = json(Command, "AGENT_COMMAND", config.AGENT_COMMAND);
      return new ProcessDriver({
        rootDir: config.COMPUTE_DIR,
        command,
        launchTimeoutMs: LAUNCH_TIMEOUT_MS,
        ...(config.GATEWAY_UID_BASE === undefined ? {} : { gatewayUidBase: config.GATEWAY_UID_BASE }),
      });
    }
    case "stand-in":
      if (!config.STAND_IN_URL)
        throw new ConfigError(WORKERS.name, ["STAND_IN_URL is required for COMPUTE=stand-in"]);
      return new StandInDriver({ hostUrl: config.STAND_IN_URL });
  }
}

function json<Schema extends typeof Command | typeof Environment | typeof BudgetOverrides>(
  schema: Schema,
  name: string,
  text: string,
): Static<Schema> {
  try {
    return Value.Parse(schema, JSON.parse(text));
  } catch {
    // The parser's message would quote the value.
    throw new ConfigError(WORKERS.name, [`${name} is not the JSON that it should be`]);
  }
}
