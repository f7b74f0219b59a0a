import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchSecrets } from "../../agent/server/bootstrap.ts";
import { logToStderr } from "../../agent/server/log.ts";
import type { AgentSecrets } from "../../domain/agent-protocol.ts";
import {
  type RailwayDouble,
  type RunContainer,
  startRailwayDouble,
} from "../local/doubles/railway/server.ts";
import type { AgentUnderTest } from "../local/stand-in-agent/agent-contract.ts";
import { startStandInProcess } from "../local/stand-in-agent/start-for-contract.ts";

/** One container as it was started, with what it was given and what it has fetched. */
export interface StartedAgent {
  instanceId: string;
  epoch: number;
  gatewayUrl: string;
  bootstrapToken: string;
  secrets: AgentSecrets;
  volumeDir: string;
}

/** The Railway double with containers that come to their secrets as the real agent does: at the gateway, by the token. */
export interface RailwayEstate extends AsyncDisposable {
  readonly double: RailwayDouble;
  /** Of the workers. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every container that came to its secrets, in order. */
  readonly started: readonly StartedAgent[];
  /** What the double keeps of everything it was ever told. */
  readonly dataDir: string;
  /** Ends the container that the instance has now, as if it had failed by itself. */
  crash(instanceId: string): Promise<void>;
}

/** For how long reads may lag, as the platform is told; they do for half of it. */
const SETTLE_S = 1;

export async function startRailwayEstate(): Promise<RailwayEstate> {
  const dataDir = await mkdtemp(join(tmpdir(), "railway-estate-"));
  const started: StartedAgent[] = [];
  const agents = new Map<string, AgentUnderTest>();

  const runContainer: RunContainer = async ({ variables, volumeDir }) => {
    const { INSTANCE_ID: instanceId = "", EPOCH, GENERATION: generation = "" } = variables;
    const { GATEWAY_URL: gatewayUrl = "", BOOTSTRAP_TOKEN: bootstrapToken = "" } = variables;
    if (volumeDir === undefined) throw new Error("the service has no volume");
    const epoch = Number(EPOCH);
    const start = { instanceId, epoch, gatewayUrl };
    const secrets = await fetchSecrets({ ...start, token: bootstrapToken, log: logToStderr });
    started.push({ ...start, bootstrapToken, secrets, volumeDir });
    const agent = await startStandInProcess({ ...start, generation, secrets }, volumeDir);
    let exitCode: number | null = 0;
    const kill = () => {
      exitCode = null;
      return agent.kill();
    };
    agents.set(instanceId, { ...agent, kill });
    return { url: agent.url, stop: kill, exited: agent.exited.then(() => exitCode) };
  };

  const double = await startRailwayDouble({
    dataDir,
    token: `railway-${randomBytes(16).toString("hex")}`,
    localDomains: true,
    runContainer,
    settings: {
      projectCreateWindowMs: 0,
      volumeCreateWindowMs: 0,
      deployStepMs: 50,
      staleReadsMs: (SETTLE_S * 1_000) / 2,
      requestsPerSecond: 10_000,
    },
  });
  return {
    double,
    started,
    dataDir,
    environment: {
      RAILWAY_URL: double.url,
      RAILWAY_TOKEN: double.token,
      RAILWAY_WORKSPACE_ID: double.workspaceId,
      RAILWAY_SETTLE_S: String(SETTLE_S),
      RAILWAY_DOMAIN_SCHEME: "http",
      AGENT_IMAGE: `registry.example/agent@sha256:${"0".repeat(64)}`,
    },
    async crash(instanceId) {
      const agent = agents.get(instanceId);
      if (!agent) throw new Error(`${instanceId} was never started`);
      await agent.kill();
    },
    async [Symbol.asyncDispose]() {
      await double.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
