import type {
  AgentListening,
  AgentSecrets,
  AgentStatus,
  FaultCode,
  FaultPart,
} from "../../domain/agent-protocol.ts";
import { type Agent, createAgent } from "./agent.ts";
import { bootFault } from "./boot-fault.ts";
import { BootstrapError, fetchSecrets, takeBootstrapToken } from "./bootstrap.ts";
import type { CreateBrain } from "./brain.ts";
import { type AgentConfig, parseConfig } from "./config.ts";
import { prepareBelatedLeave } from "./explode/belated-leave.ts";
import { type ExplodeReason, type ExplosionOptions, explode, finishExplosion } from "./explode/explosion.ts";
import { endLeftoverGateway } from "./gateway/start-gateway.ts";
import { createGatewayClient } from "./gateway-client.ts";
import { startAgentServer } from "./http/server.ts";
import { errorFrames, errorName, logToStderr, muteConsole } from "./log.ts";
import type { AgentCore } from "./pool/agent-core.ts";
import { readSecrets } from "./secrets.ts";
import { openAgentState } from "./state/agent-state.ts";
import { openDatabase } from "./state/database.ts";
import { prepareStateDir, statePaths } from "./state/paths.ts";
import { readTombstone } from "./state/tombstone.ts";
import { assertOnVolume } from "./state/volume.ts";
import { agentVersions } from "./versions.ts";

/** Within the ten seconds that the platform gives before it kills. */
const STOP_TIMEOUT_MS = 9_000;
const EXIT_UNUSABLE = 78;
const EXIT_CRASHED = 70;
const BOOTSTRAP_EXITS = { refused: 77, unreachable: 69 } as const;

/**
 * Runs one agent process from its environment and standard input to its end. A process that cannot begin says why
 * in one line on standard error and exits with 78; with 77 when its bootstrap token was refused, with 69 when it could
 * not be redeemed.
 */
export async function runAgent(createBrain: CreateBrain): Promise<void> {
  survivePlatform();
  muteConsole(logToStderr);
  try {
    const config = parseConfig(process.env);
    if (config.stateVolumeRequired) assertOnVolume(config.stateDir);
    await live(config, await obtainSecrets(config), createBrain);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    process.stderr.write(`${JSON.stringify({ event: "cannot-start", error: errorName(error), reason })}\n`);
    process.exit(error instanceof BootstrapError ? BOOTSTRAP_EXITS[error.kind] : EXIT_UNUSABLE);
  }
}

function obtainSecrets(config: AgentConfig): Promise<AgentSecrets> {
  const token = takeBootstrapToken(process.env);
  if (token === undefined || config.standalone) return readSecrets(process.stdin);
  const { gatewayUrl, instanceId, epoch } = config;
  return fetchSecrets({ gatewayUrl, instanceId, epoch, token, log: logToStderr });
}

/**
 * The one who started us may go away and with it the other end of our output: that is no reason to end. A fault that
 * nobody caught is, but without the message that Node would print, which may hold words of people.
 */
function survivePlatform(): void {
  for (const output of [process.stdout, process.stderr])
    output.on("error", () => {
      // Nobody reads any more, so there is nobody to tell.
    });
  process.on("uncaughtException", (error) => {
    logToStderr("crashed", { error: errorName(error), frames: errorFrames(error) });
    process.exit(EXIT_CRASHED);
  });
}

async function live(config: AgentConfig, secrets: AgentSecrets, createBrain: CreateBrain): Promise<void> {
  const log = logToStderr;
  const paths = statePaths(config.stateDir);
  prepareStateDir(paths, config.gatewayUid !== undefined);
  const tombstone = readTombstone(paths.tombstone);
  // What a tombstone stands on may be in pieces, and its end does not need the database.
  const database = tombstone === undefined ? openDatabase(paths.database) : undefined;
  const leave =
    tombstone === undefined
      ? undefined
      : prepareBelatedLeave({ config, paths, stateKey: secrets.stateKey, log });
  const stopping = new AbortController();
  const { instanceId, epoch } = config;
  const { instanceSecret } = secrets;
  const gateway = createGatewayClient({ gatewayUrl: config.gatewayUrl, instanceId, instanceSecret, log });
  const explosion: ExplosionOptions = { paths, epoch, gateway, signal: stopping.signal, log };

  let agent: Agent | undefined;
  let lastStatus = emptyStatus(config);
  let ending: Promise<void> | undefined;

  const end = (reason: ExplodeReason, initiatedByUs: boolean): void => {
    if (ending !== undefined || agent === undefined || stopping.signal.aborted) return;
    lastStatus = agent.core.status();
    const parts = agent.dismantle(reason, initiatedByUs);
    const close = async (): Promise<void> => {
      await parts.close();
      database?.close();
    };
    ending = explode(reason, { ...parts, close }, explosion).then(exitWhenDone, exitWhenFailed);
  };
  const exitWhenDone = (): void => {
    if (!stopping.signal.aborted) process.exit(0);
  };
  /** The tombstone is written or cannot be; either way the next start decides by it. */
  const exitWhenFailed = (error: unknown): void => {
    log("explode-failed", { error: errorName(error) });
    process.exit(1);
  };
  const isEnding = (): boolean => ending !== undefined || tombstone !== undefined;
  const core: AgentCore = {
    status: () =>
      isEnding() || agent === undefined
        ? { ...lastStatus, ready: false, exploding: isEnding() }
        : agent.core.status(),
    provision: async (request) => {
      if (isEnding()) return { kind: "refused", refusal: "exploding" };
      return agent === undefined ? { kind: "refused", refusal: "not-ready" } : agent.core.provision(request);
    },
    room: () => (isEnding() ? { refusal: "exploding" } : (agent?.core.room() ?? { refusal: "not-ready" })),
    skills: async () => (isEnding() ? [] : ((await agent?.core.skills()) ?? [])),
    joinRefusal: () => (isEnding() ? undefined : agent?.core.joinRefusal()),
    notify: (id) => isEnding() || agent === undefined || agent.core.notify(id),
    explode: (reason) => end(reason, true),
  };
  let ownPort: number | undefined;
  const onFault = (part: FaultPart, code: FaultCode): void => agent?.fault(part, code);
  const brain =
    database !== undefined
      ? createBrain({ config, secrets, paths, log, onFault: (code) => onFault("brain", code) })
      : undefined;
  if (brain !== undefined && database !== undefined) {
    const state = openAgentState(database, paths, secrets.stateKey, epoch);
    agent = createAgent({
      config,
      secrets,
      paths,
      state,
      brain,
      gateway,
      versions: agentVersions,
      ownPort: () => ownPort,
      log,
      onExplode: end,
    });
  }
  const { host, port } = config;
  const server = await startAgentServer({
    host,
    port,
    core,
    instanceSecret,
    standalone: config.standalone,
    pictures: paths.pictures,
    log,
  });
  ownPort = server.port;

  const stop = async (): Promise<void> => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    await server.close();
    if (ending !== undefined) await ending;
    else await agent?.stop();
    if (ending === undefined) database?.close();
    log("stopped");
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
  const listening: AgentListening = { listening: server.port };
  process.stdout.write(`${JSON.stringify(listening)}\n`);

  if (tombstone !== undefined) {
    const leaveNow = async (): Promise<void> => leave?.(tombstone.reason);
    // A process that was killed may have left its gateway, which would go on in the folder that is to be wiped.
    ending = endLeftoverGateway(paths.gateway, config.gatewayUid)
      .then(() => finishExplosion(tombstone, leaveNow, explosion))
      .then(exitWhenDone, exitWhenFailed);
    return;
  }
  agent?.boot().catch((error: unknown) => {
    if (ending !== undefined || stopping.signal.aborted) return;
    // It stays up and says that it is not ready: what is wrong with it is for the platform to see and to decide.
    log("boot-failed", { error: errorName(error) });
    onFault("boot", bootFault(error));
  });
}

const emptyStatus = ({ instanceId, epoch, generation }: AgentConfig): AgentStatus => ({
  instanceId,
  epoch,
  generation,
  ready: false,
  parts: {},
  inboxId: null,
  joinInboxId: null,
  conversationId: null,
  claimId: null,
  exploding: false,
  versions: agentVersions,
});
