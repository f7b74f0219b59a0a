import { TURN_TIMEOUT_SECONDS } from "../openclaw/config/gateway-config.ts";
import type { Brain, BrainInput } from "./brain.ts";
import { createTelnyxRelay } from "./broker/telnyx-relay.ts";
import { offeredSkills } from "./gateway/offered-skills.ts";
import { gatewayPaths } from "./gateway/paths.ts";
import { makeGatewayFolders, writeInstructions } from "./gateway/prepare.ts";
import { type Gateway, startGateway } from "./gateway/start-gateway.ts";
import { type SupervisedGateway, superviseGateway } from "./gateway/supervise.ts";
import { createWarmup } from "./gateway/warmup.ts";
import { createLoopbackServer, type LoopbackServer } from "./loopback/server.ts";
import { createJudge } from "./model-proxy/judge.ts";
import type { SkillHost } from "./skills/skill-host.ts";
import type { Judge } from "./talk/attention/attention.ts";

/** The gateway ends a turn by itself at its timeout; this much later it does nothing any more. */
const TURN_OUT_MAX_MS = (TURN_TIMEOUT_SECONDS + 120) * 1_000;

/** The brain of production: openclaw behind the loopback server, kept running by a supervisor. */
export function createOpenclawBrain({ config, secrets, paths, log, onFault }: BrainInput): Brain {
  const home = gatewayPaths(paths.gateway);
  const { gatewayUid: uid } = config;
  const user = uid === undefined ? undefined : { uid, gid: uid };
  let loopback: LoopbackServer | undefined;
  let supervised: SupervisedGateway | undefined;
  let current: Gateway | undefined;
  let instructions: string | undefined;
  let judge: Judge = () => Promise.reject(new Error("the model cannot be asked yet"));
  let isStopped = false;

  const startOne = async (server: LoopbackServer, skills: SkillHost): Promise<Gateway> => {
    await makeGatewayFolders(home, user);
    await skills.choose();
    const written = instructions;
    current = await startGateway({
      stateDir: paths.gateway,
      loopbackUrl: server.url,
      loopbackToken: server.renewToken(),
      modelId: config.modelId,
      instructions: written,
      skills: offeredSkills(skills.offered()),
      log,
      ...(uid === undefined ? {} : { uid }),
    });
    if (instructions !== undefined && instructions !== written)
      await writeInstructions(home, instructions, user);
    return current;
  };
  return {
    get ready() {
      return supervised?.isReady === true && !isStopped;
    },
    get outOfCredit() {
      return loopback?.breaker.open === true;
    },
    start: async (turnSource, { host: skills, sms }) => {
      const { modelBaseUrl: baseUrl, modelId, judgeModelId, visionModelId, fallbackModelIds } = config;
      const models = { modelId, judgeModelId, visionModelId, fallbackModelIds };
      const model = { baseUrl, ...models, key: secrets.modelKey };
      const server = await createLoopbackServer({
        turnSource,
        model,
        skills,
        telnyx: createTelnyxRelay({ ...config, instanceSecret: secrets.instanceSecret, sms }),
        log,
      });
      loopback = server;
      judge = createJudge({ url: server.url, token: () => server.token, modelId: judgeModelId });
      if (isStopped) return server.close();
      supervised = superviseGateway({
        start: () => startOne(server, skills),
        warmUp: createWarmup(server),
        isStuck: () => server.turnOutMs() > TURN_OUT_MAX_MS,
        onGivenUp: () => onFault("given-up"),
        log,
      });
      await supervised.ready;
    },
    instruct: async (text) => {
      instructions = text;
      if (current !== undefined) await writeInstructions(home, text, user);
    },
    judge: (question, signal) => judge(question, signal),
    exhausted: () => void loopback?.breaker.trip(),
    refilled: () => loopback?.breaker.reset(),
    cut: () => loopback?.cut(),
    stop: async (graceMs) => {
      isStopped = true;
      await supervised?.stop(graceMs);
      await loopback?.close();
    },
  };
}
