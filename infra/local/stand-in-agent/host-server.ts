import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answerForAgent } from "./agent-routes.ts";
import { type HostedAgent, HostedAgents } from "./hosted-agents.ts";
import { HttpProblem, readBody, sendJson, sendProblem } from "./json-http.ts";
import { parseMisbehaviour } from "./misbehaviour.ts";
import { launchRequest, misbehaveRequest } from "./requests.ts";

export interface StandInHost {
  /** `http://127.0.0.1:<port>` */
  url: string;
  port: number;
  close(): Promise<void>;
}

const AGENT_PATH = /^\/agents\/([a-z0-9]{12})(\/.*)?$/;
const KEEP_ALIVE_MS = 60_000;

/**
 * Many agents in one process, each under `/agents/<instanceId>`, and a control API for the driver and for tests:
 * `PUT /agents/:id {spec, secrets}` · `GET /agents` · `GET /agents/:id` · `DELETE /agents/:id` ·
 * `POST /agents/:id/crash` · `POST /agents/:id/misbehave {misbehave}` ("" behaves again). Listens on loopback only.
 */
export async function startStandInHost(
  options: { port?: number; environment?: Readonly<Record<string, string | undefined>> } = {},
): Promise<StandInHost> {
  const agents = new HostedAgents(options.environment ?? {});
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(agents, request, response).catch((error: unknown) => sendProblem(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: async () => {
      agents.stopAll();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  agents: HostedAgents,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? "/";
  if (request.method === "GET" && path === "/agents")
    return sendJson(response, 200, { agents: agents.all().map(describe) });
  const [, id, rest] = AGENT_PATH.exec(path) ?? [];
  if (id === undefined) throw new HttpProblem(404, "route-not-found");
  if (rest === undefined) return answerControl(agents, id, request, response);
  if (request.method === "POST" && rest === "/crash") {
    agents.crash(id);
    return sendJson(response, 200, {});
  }
  const agent = agents.running(id);
  // A process that is gone has no port: the connection breaks off without an answer.
  if (agent === undefined) return void request.socket.destroy();
  if (request.method === "POST" && rest === "/misbehave") {
    const { misbehave } = await readBody(request, misbehaveRequest);
    agent.misbehave = parseMisbehaviour(misbehave);
    return sendJson(response, 200, {});
  }
  await answerForAgent(agent, rest, request, response);
  // Dying without an answer must look like it does for a process.
  if (agents.running(id) !== agent && !response.headersSent) request.socket.destroy();
}

async function answerControl(
  agents: HostedAgents,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (request.method) {
    case "PUT": {
      const { spec, secrets } = await readBody(request, launchRequest);
      if (spec.instanceId !== id) throw new HttpProblem(400, "invalid-request");
      return sendJson(response, 200, describe(agents.launch(spec, secrets.instanceSecret)));
    }
    case "GET": {
      const hosted = agents.find(id);
      if (hosted === undefined) throw new HttpProblem(404, "not-found");
      return sendJson(response, 200, describe(hosted));
    }
    case "DELETE":
      agents.destroy(id);
      return sendJson(response, 200, {});
    default:
      throw new HttpProblem(405, "route-not-found");
  }
}

const describe = ({ name, instanceId, epoch, state }: HostedAgent): HostedAgent => ({
  name,
  instanceId,
  epoch,
  state,
});
