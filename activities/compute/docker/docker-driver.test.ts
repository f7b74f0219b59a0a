import { randomBytes } from "node:crypto";
import type { AgentSecrets } from "../../../domain/agent-protocol.ts";
import { startDockerDouble } from "../../../infra/local/doubles/docker/server.ts";
import { startGatewayListener } from "../../../infra/local/stand-in-agent/gateway-listener.ts";
import { describeComputeDriver } from "../compute-contract.ts";
import { IMAGE, openDriver, standInContainers } from "./testing/stand-in-containers.ts";

describeComputeDriver("docker", async () => {
  const gateway = await startGatewayListener();
  const issued = new Map<string, AgentSecrets>();
  const docker = await startDockerDouble({
    images: [IMAGE],
    runContainer: standInContainers((token) => {
      const secrets = issued.get(token);
      issued.delete(token);
      return secrets;
    }),
  });
  return {
    driver: openDriver(docker),
    environment: { GATEWAY_URL: gateway.url },
    issueBootstrapToken: async (_id, secrets) => {
      const token = randomBytes(32).toString("base64url");
      issued.set(token, secrets);
      return token;
    },
    crash: async (_id, name) => docker.crash(name),
    close: async () => {
      const { containers, volumes } = docker.state();
      await docker.close();
      await gateway.close();
      for (const { name } of [...containers, ...volumes]) throw new Error(`a test left ${name}`);
    },
  };
});
