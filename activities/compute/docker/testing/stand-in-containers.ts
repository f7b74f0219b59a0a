import { createServer } from "node:http";
import type { AgentSecrets } from "../../../../domain/agent-protocol.ts";
import type { RunContainer } from "../../../../infra/local/doubles/docker/runtime.ts";
import type { DockerDouble } from "../../../../infra/local/doubles/docker/server.ts";
import { answerForAgent } from "../../../../infra/local/stand-in-agent/agent-routes.ts";
import { sendProblem } from "../../../../infra/local/stand-in-agent/json-http.ts";
import { StandInAgent } from "../../../../infra/local/stand-in-agent/stand-in-agent.ts";
import { fileStore } from "../../../../infra/local/stand-in-agent/state-store.ts";
import { DockerDriver, type DockerDriverOptions } from "../docker-driver.ts";

export const REPOSITORY = "registry.example.org:5000/convos/agent";
export const IMAGE = `${REPOSITORY}@sha256:${"0123456789abcdef".repeat(4)}`;

export type Redeem = (
  token: string,
  env: Readonly<Record<string, string>>,
) => Promise<AgentSecrets | undefined> | AgentSecrets | undefined;

/** Runs the stand-in agent where a daemon would run the container: on its volume, with its environment alone. */
export const standInContainers =
  (redeem: Redeem): RunContainer =>
  async ({ env, mounts, exit }) => {
    const read = (name: string): string => {
      const value = env[name];
      if (!value) throw new Error(`${name} is missing`);
      return value;
    };
    const stateDir = mounts[read("STATE_DIR")];
    if (!stateDir) throw new Error("the state folder is not mounted");
    const secrets = await redeem(read("BOOTSTRAP_TOKEN"), env);
    if (!secrets) throw new Error("the token was refused");
    const server = createServer((request, response) => {
      answerForAgent(agent, request.url ?? "/", request, response).catch((error: unknown) =>
        sendProblem(response, error),
      );
    });
    const agent = new StandInAgent({
      gatewayUrl: read("GATEWAY_URL"),
      defaultAgentName: "Agent",
      bootDelayMs: 0,
      misbehave: undefined,
      instanceId: read("INSTANCE_ID"),
      epoch: Number(read("EPOCH")),
      generation: read("GENERATION"),
      instanceSecret: secrets.instanceSecret,
      store: fileStore(stateDir),
      exit: () => exit(0),
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening on TCP");
    agent.start();
    return {
      port: address.port,
      stop: async () => {
        agent.stop();
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
      },
    };
  };

export const openDriver = (
  { host, port }: Pick<DockerDouble, "host" | "port">,
  options: Partial<DockerDriverOptions> = {},
): DockerDriver =>
  new DockerDriver({
    daemon: { host, port },
    environment: "test",
    image: IMAGE,
    launchTimeoutMs: 10_000,
    ...options,
  });
