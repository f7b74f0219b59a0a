import { setTimeout as delay } from "node:timers/promises";
import type { AgentSecrets } from "../../../domain/agent-protocol.ts";
import { type ContainerSpec, startRailwayDouble } from "../../../infra/local/doubles/railway/server.ts";
import { startGatewayListener } from "../../../infra/local/stand-in-agent/gateway-listener.ts";
import { startStandInHost } from "../../../infra/local/stand-in-agent/host-server.ts";
import { RailwayClient } from "../../railway/client.ts";
import { describeComputeDriver } from "../compute-contract.ts";
import type { ComputeDriver } from "../driver.ts";
import { RailwayDriver } from "./railway-driver.ts";

const START_DEADLINE_MS = 10_000;

/** The double runs agents of the stand-in host: one service is one agent, its memory goes with its volume. */
describeComputeDriver("railway", async () => {
  const gateway = await startGatewayListener();
  const host = await startStandInHost();
  const tokens = new Map<string, AgentSecrets>();
  const volumes = new Map<string, string | undefined>();
  const exits = new Map<string, (code: number) => void>();
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${host.url}/agents/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the host answered ${response.status}`);
  };

  async function runContainer({ projectId, variables, volumeDir }: ContainerSpec) {
    const { INSTANCE_ID: id = "", EPOCH, GENERATION, BOOTSTRAP_TOKEN: token = "" } = variables;
    const secrets = tokens.get(token);
    if (secrets === undefined) throw new Error("the token is not good");
    tokens.delete(token);
    if (volumes.has(id) && volumes.get(id) !== volumeDir) await control("DELETE", id);
    volumes.set(id, volumeDir);
    const name = double.state().projects.find((project) => project.id === projectId)?.name;
    const environment = { GATEWAY_URL: gateway.url };
    const spec = { instanceId: id, name, epoch: Number(EPOCH), generation: GENERATION, environment };
    await control("PUT", id, { spec, secrets });
    const { promise: exited, resolve } = Promise.withResolvers<number>();
    exits.set(id, resolve);
    return { url: `${host.url}/agents/${id}`, stop: () => control("POST", `${id}/crash`), exited };
  }

  const double = await startRailwayDouble({
    localDomains: true,
    runContainer,
    settings: {
      projectCreateWindowMs: 0,
      volumeCreateWindowMs: 0,
      deployStepMs: 0,
      requestsPerSecond: 10_000,
    },
  });
  const { url, token, workspaceId } = double;
  const driver = new RailwayDriver({
    client: new RailwayClient({ url, token, workspaceId }),
    image: "agent:test",
    mountPath: "/data",
    targetPort: 8080,
    limits: { cpu: 1, memoryBytes: 1_000_000_000 },
    settleMs: 0,
    urlOfDomain: (domain) => `http://${domain}`,
  });
  const isUp = (serviceId: string | undefined) =>
    double.state().deployments.findLast((each) => each.serviceId === serviceId)?.status === "SUCCESS";

  /** With the platform's wait for the agent, which the driver leaves to it. */
  const waiting: ComputeDriver = {
    kind: driver.kind,
    resourceKinds: driver.resourceKinds,
    async launch(spec, grant) {
      const launched = await driver.launch(spec, grant);
      const deadline = Date.now() + START_DEADLINE_MS;
      while (!isUp(launched.externalIds.service)) {
        if (Date.now() > deadline) throw new Error("the container did not start");
        await delay(10);
      }
      return launched;
    },
    observe: (id, name) => driver.observe(id, name),
    destroy: (id, name, kind) => driver.destroy(id, name, kind),
    list: (prefix) => driver.list(prefix),
  };

  return {
    driver: waiting,
    environment: { GATEWAY_URL: gateway.url },
    async issueBootstrapToken(id, secrets) {
      const issued = `${id}-${tokens.size}-${Date.now()}`;
      tokens.set(issued, secrets);
      return issued;
    },
    async crash(id) {
      await control("POST", `${id}/crash`);
      exits.get(id)?.(1);
    },
    async close() {
      await double.close();
      await host.close();
      await gateway.close();
    },
  };
});
