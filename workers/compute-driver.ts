import { Type } from "typebox";
import { DockerDriver } from "../activities/compute/docker/docker-driver.ts";
import type { ComputeDriver } from "../activities/compute/driver.ts";
import { ProcessDriver } from "../activities/compute/process/process-driver.ts";
import { RailwayDriver } from "../activities/compute/railway/railway-driver.ts";
import { StandInDriver } from "../activities/compute/stand-in/stand-in-driver.ts";
import { RailwayClient } from "../activities/railway/client.ts";
import { CRASH_EVENTS, ensureWebhookRule } from "../activities/railway/webhook-rule.ts";
import { budgetOf } from "../activities/rate-limit/budget.ts";
import type { Budgets } from "../activities/rate-limit/budgets.ts";
import { RAILWAY_BUDGET, RAILWAY_PROJECT_CREATE } from "../activities/rate-limit/default-budgets.ts";
import { takeOrThrow } from "../activities/rate-limit/take-token.ts";
import type { Registry } from "../activities/registry/registry.ts";
import { PlatformError } from "../domain/errors.ts";
import { ConfigError } from "../infra/config/environment.ts";
import { parseJsonSetting } from "../infra/config/json-setting.ts";
import { WORKERS, type WorkerConfig } from "./config.ts";
import { log } from "./log.ts";

/** From the start of an agent's process until it listens; being ready takes longer. */
const LAUNCH_TIMEOUT_MS = 30_000;
/** Where agents in containers listen and keep their state; the image agrees. */
const AGENT_PORT = 8080;
const STATE_DIR = "/state";
const MIB = 1_048_576;

const Command = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });

/** The driver that the configuration names. Throws a ConfigError for what it needs and does not have. */
export function computeDriver(config: WorkerConfig, registry: Registry, budgets: Budgets): ComputeDriver {
  switch (config.COMPUTE) {
    case "process":
      return new ProcessDriver({
        rootDir: needed(config, "COMPUTE_DIR"),
        command: parseJsonSetting(WORKERS.name, Command, "AGENT_COMMAND", needed(config, "AGENT_COMMAND")),
        launchTimeoutMs: LAUNCH_TIMEOUT_MS,
        ...(config.GATEWAY_UID_BASE === undefined ? {} : { gatewayUidBase: config.GATEWAY_UID_BASE }),
      });
    case "stand-in":
      return new StandInDriver({ hostUrl: needed(config, "STAND_IN_URL") });
    case "railway":
      return railwayDriver(config, registry, budgets);
    case "docker":
      return dockerDriver(config);
  }
}

/** Has Railway report what ends by itself, where the configuration names an address for it. */
export async function reportCrashes(
  config: WorkerConfig,
  registry: Registry,
  budgets: Budgets,
): Promise<void> {
  if (config.COMPUTE !== "railway" || config.RAILWAY_WEBHOOK_URL === undefined) return;
  try {
    await ensureWebhookRule(
      railwayClient(config, registry, budgets),
      config.RAILWAY_WEBHOOK_URL,
      CRASH_EVENTS,
    );
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    // Without the rule a crash is noticed at the next look instead of at once.
    log({ event: "webhook-rule-failed", code: error.code });
  }
}

function railwayClient(config: WorkerConfig, registry: Registry, budgets: Budgets): RailwayClient {
  const { name, rate } = RAILWAY_PROJECT_CREATE;
  return new RailwayClient({
    url: config.RAILWAY_URL,
    token: needed(config, "RAILWAY_TOKEN"),
    workspaceId: needed(config, "RAILWAY_WORKSPACE_ID"),
    fetch: budgets.fetchFor(RAILWAY_BUDGET),
    beforeProjectCreate: () => takeOrThrow(registry.db, name, budgets.rateOf(budgetOf(name, rate))),
  });
}

function railwayDriver(config: WorkerConfig, registry: Registry, budgets: Budgets): ComputeDriver {
  return new RailwayDriver({
    client: railwayClient(config, registry, budgets),
    image: needed(config, "AGENT_IMAGE"),
    mountPath: STATE_DIR,
    targetPort: AGENT_PORT,
    limits: { cpu: config.AGENT_CPUS, memoryBytes: config.AGENT_MEMORY_MIB * MIB },
    settleMs: config.RAILWAY_SETTLE_S * 1_000,
    urlOfDomain: (domain) => `${config.RAILWAY_DOMAIN_SCHEME}://${domain}`,
  });
}

function dockerDriver(config: WorkerConfig): ComputeDriver {
  return new DockerDriver({
    daemon: daemonAddress(config.DOCKER_URL),
    environment: config.ENVIRONMENT,
    image: needed(config, "AGENT_IMAGE"),
    limits: { cpus: config.AGENT_CPUS, memoryBytes: config.AGENT_MEMORY_MIB * MIB },
    launchTimeoutMs: LAUNCH_TIMEOUT_MS,
  });
}

function daemonAddress(url: string | undefined) {
  if (url === undefined) return { socketPath: "/var/run/docker.sock" };
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || "2375") };
}

type ComputeSetting =
  | "COMPUTE_DIR"
  | "AGENT_COMMAND"
  | "STAND_IN_URL"
  | "AGENT_IMAGE"
  | "RAILWAY_TOKEN"
  | "RAILWAY_WORKSPACE_ID";

function needed(config: WorkerConfig, name: ComputeSetting): string {
  const value = config[name];
  if (value === undefined)
    throw new ConfigError(WORKERS.name, [`${name} is required for COMPUTE=${config.COMPUTE}`]);
  return value;
}
