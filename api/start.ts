import { AgentClient } from "../activities/agent/agent-client.ts";
import { openDatabase } from "../activities/registry/database.ts";
import type { Registry } from "../activities/registry/registry.ts";
import { localVault } from "../activities/registry/vault.ts";
import { dataConverterOf } from "../infra/codec/data-converter.ts";
import { SealingCodec } from "../infra/codec/payload-codec.ts";
import { attesterOf } from "../infra/config/attestation-keys.ts";
import { Background } from "./background.ts";
import { ClaimAnswers } from "./claim-answers.ts";
import type { GatewayConfig } from "./config.ts";
import { describeError, type Log } from "./log.ts";
import { Records } from "./records.ts";
import { buildServer } from "./server.ts";
import { Workflows } from "./workflows.ts";

const MAX_CONNECTIONS = 12;
/** An operation of the pool may wait longer than whoever stops the gateway. */
const STOP_GRACE_MS = 5_000;

export interface RunningGateway {
  /** Where it listens. */
  readonly url: string;
  /** Answers what is under way, then closes everything. */
  stop(): Promise<void>;
}

/** Starts the gateway. Neither Postgres nor Temporal has to be up yet: /readyz says what is missing. */
export async function startGateway(config: GatewayConfig, log: Log): Promise<RunningGateway> {
  const db = openDatabase(config.databaseUrl, {
    maxConnections: MAX_CONNECTIONS,
    onError: (error) => log("postgres-connection-lost", describeError(error)),
  });
  const registry: Registry = {
    db,
    vault: localVault(config.keys),
    environment: config.environment,
    prefix: config.resourcePrefix,
  };
  const workflows = new Workflows(
    config.temporalAddress,
    config.temporalNamespace,
    dataConverterOf(config.keys, config.codec),
  );
  const answers = new ClaimAnswers(registry, config.databaseUrl, log);
  const background = new Background(log);
  const records = new Records(log);
  const agents = new AgentClient({ attest: attesterOf(config.attestationKeys) });
  const server = await buildServer({
    config,
    registry,
    codec: new SealingCodec(config.keys, config.codec === "on"),
    agents,
    workflows,
    answers,
    background,
    records,
    log,
  });
  answers.start();
  const stop = async (): Promise<void> => {
    const patience = setTimeout(() => workflows.giveUp(), STOP_GRACE_MS);
    await Promise.all([server.close(), answers.stop()]);
    await background.drain();
    await records.stop();
    clearTimeout(patience);
    await Promise.all([workflows.close(), db.destroy()]);
  };
  try {
    return { url: await server.listen({ host: config.host, port: config.port }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
