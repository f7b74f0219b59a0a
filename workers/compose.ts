import { Client, Connection } from "@temporalio/client";
import type { DataConverter } from "@temporalio/common";
import { NativeConnection } from "@temporalio/worker";
import { Type } from "typebox";
import { AgentClient } from "../activities/agent/agent-client.ts";
import type { Dependencies } from "../activities/dependencies.ts";
import { OpenRouterClient } from "../activities/openrouter/client.ts";
import { BudgetOverrides, Budgets } from "../activities/rate-limit/budgets.ts";
import { OPENROUTER_BUDGET } from "../activities/rate-limit/default-budgets.ts";
import { recordAccounts } from "../activities/registry/accounts.ts";
import { openDatabase } from "../activities/registry/database.ts";
import { ensurePool } from "../activities/registry/pools.ts";
import { ReceiptSigner } from "../activities/registry/receipt.ts";
import { rewrapDataKeys } from "../activities/registry/rewrap.ts";
import { localVault } from "../activities/registry/vault.ts";
import { ResourceCatalogue } from "../activities/resources/catalogue.ts";
import { parsePoolName } from "../domain/ids.ts";
import { dataConverterOf } from "../infra/codec/data-converter.ts";
import { attestationKeysOf, attesterOf } from "../infra/config/attestation-keys.ts";
import { ConfigError } from "../infra/config/environment.ts";
import { parseJsonSetting } from "../infra/config/json-setting.ts";
import { masterKeysOf } from "../infra/config/master-keys.ts";
import { computeDriver } from "./compute-driver.ts";
import { WORKERS, type WorkerConfig } from "./config.ts";
import { equipmentKinds } from "./equipment-kinds.ts";
import { log } from "./log.ts";

const Environment = Type.Record(Type.String(), Type.String());

export interface Composition {
  dependencies: Dependencies;
  connection: NativeConnection;
  /** Of every client and worker. */
  dataConverter: DataConverter;
  budgets: Budgets;
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
  const budgets = new Budgets(
    db,
    parseJsonSetting(WORKERS.name, BudgetOverrides, "PROVIDER_BUDGETS", config.PROVIDER_BUDGETS),
  );
  const openrouter = new OpenRouterClient({
    baseUrl: config.OPENROUTER_BASE_URL,
    managementKey: config.OPENROUTER_MANAGEMENT_KEY,
    fetch: budgets.fetchFor(OPENROUTER_BUDGET),
  });
  const resources = new ResourceCatalogue(equipmentKinds(config, registry, openrouter, budgets));
  await recordAccounts(registry, resources, config.COMPUTE);
  return {
    connection,
    dataConverter,
    budgets,
    dependencies: {
      registry,
      temporal: new Client({
        connection: clientConnection,
        namespace: config.TEMPORAL_NAMESPACE,
        dataConverter,
      }),
      compute: computeDriver(config, registry, budgets),
      agents: new AgentClient({ attest: attesterOf(attestationKeysOf(config.ATTESTATION_KEYS)) }),
      openrouter,
      resources,
      retention: { backupHours: config.BACKUP_RETENTION_H, historyHours: config.HISTORY_RETENTION_H },
      receipts: new ReceiptSigner(Buffer.from(config.RECEIPT_KEY, "base64")),
      agentEnvironment: parseJsonSetting(
        WORKERS.name,
        Environment,
        "AGENT_ENVIRONMENT",
        config.AGENT_ENVIRONMENT,
      ),
      quarantineMs: config.QUARANTINE_MS,
    },
    async close() {
      await clientConnection.close();
      await connection.close();
      await db.destroy();
    },
  };
}
