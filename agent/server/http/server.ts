import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { loadAssets } from "../../openclaw/extensions/web-tools/src/assets.ts";
import { createHandler } from "../../openclaw/extensions/web-tools/src/handler.ts";
import { BASE_PATH } from "../../openclaw/extensions/web-tools/src/routes.ts";
import { createConvosRoutes } from "../convos-routes/routes.ts";
import { qrEncoderFile } from "../gateway/paths.ts";
import { errorName, type Log } from "../log.ts";
import type { AgentCore } from "../pool/agent-core.ts";
import { sendProblem } from "../pool/problem.ts";
import { createPoolRoutes } from "../pool/routes.ts";
import { limitPerAddress } from "./address-limit.ts";
import { createPictureRoute } from "./picture-route.ts";

const REQUEST_TIMEOUT_MS = 30_000;
/** Who has connected and says nothing is not waited for. */
const HEADERS_TIMEOUT_MS = 5_000;
/** Node looks at its time-outs that often. */
const TIMEOUT_CHECK_MS = 1_000;
const MAX_CONNECTIONS = 256;
/** Everybody behind one proxy is one address. */
const MAX_CONNECTIONS_PER_ADDRESS = 64;

export interface AgentServer {
  port: number;
  close(): Promise<void>;
}

export interface AgentServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  core: AgentCore;
  instanceSecret: string;
  /** The agent has no platform: its `/convos` routes may give it a conversation. */
  standalone: boolean;
  /** The folder of what the agent shows as its picture. */
  pictures: string;
  log: Log;
}

/**
 * The agent's only public listener: the platform's routes, those of whoever runs it, its picture and the pages of its tools. Nothing
 * that comes in here reaches the model's gateway, and nothing that the gateway says is shown at this address: a page that
 * takes a token must not come from where a model has a shell.
 */
export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const { log } = options;
  const findPoolRoute = createPoolRoutes(options.core, options.instanceSecret);
  const findConvosRoute = createConvosRoutes(options);
  const findPictureRoute = createPictureRoute(options.pictures);
  const showPage = createHandler(loadAssets(qrEncoderFile()));
  const pathOf = (request: IncomingMessage): string => (request.url ?? "/").split("?", 1)[0] ?? "/";

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request);
    if (path === BASE_PATH || path.startsWith(`${BASE_PATH}/`)) return void showPage(request, response);
    const method = request.method ?? "";
    const route = findPoolRoute(path, method) ?? findPictureRoute(path, method) ?? findConvosRoute(path);
    if (route === undefined) return sendProblem(response, "not-found");
    await route(request, response);
  };
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  const server = createServer(limits, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log("request-failed", { method: request.method ?? "", error: errorName(error) });
      if (response.headersSent || response.destroyed) response.destroy();
      else sendProblem(response, "internal");
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  limitPerAddress(server, MAX_CONNECTIONS_PER_ADDRESS);
  return { port: await listen(server, options.host, options.port), close: () => close(server) };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", reject);
  server.listen(port, host, () => {
    server.off("error", reject);
    const address = server.address();
    if (address === null || typeof address === "string") reject(new Error("the server has no port"));
    else resolve(address.port);
  });
  return promise;
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
