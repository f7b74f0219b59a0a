import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, { type FastifyInstance } from "fastify";
import { PlatformError } from "../domain/errors.ts";
import { LIMITS } from "../domain/limits.ts";
import { guardRoutes } from "./access.ts";
import { bankrBrokerRoutes } from "./broker/bankr-routes.ts";
import { telnyxBrokerRoutes } from "./broker/telnyx-routes.ts";
import type { Gateway } from "./gateway.ts";
import { problemHandler, sendProblem } from "./problems.ts";
import { logRequests } from "./request-log.ts";
import { attestationRoutes } from "./routes/attestation.ts";
import { bootstrapRoutes } from "./routes/bootstrap-routes.ts";
import { claimRoutes } from "./routes/claims.ts";
import { codecRoutes } from "./routes/codec-routes.ts";
import { equipmentRoutes } from "./routes/equipment.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes } from "./routes/health.ts";
import { inboundRoutes } from "./routes/inbound-routes.ts";
import { instanceRoutes } from "./routes/instances.ts";
import { poolRoutes, publicPoolRoutes } from "./routes/pool.ts";
import { poolOperationRoutes } from "./routes/pool-operations.ts";
import { providerRoutes } from "./routes/provider-routes.ts";
import { spendRoutes } from "./routes/spend.ts";
import { SECURITY_SCHEMES } from "./scopes.ts";
import { webhookRoutes } from "./webhooks/webhook-routes.ts";

export type Server = FastifyInstance<
  import("node:http").Server,
  import("node:http").IncomingMessage,
  import("node:http").ServerResponse,
  import("fastify").FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Requests have to arrive within this time; the answer of a claim may take `LIMITS.waitMaxMs` on top. */
const REQUEST_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 75_000;

/** The HTTP server with all routes, ready to listen. */
export async function buildServer(gateway: Gateway): Promise<Server> {
  const boot = Math.random().toString(36).slice(2, 8);
  let requests = 0;
  const badUrl = new PlatformError("invalid-request", { detail: "the URL cannot be read" });
  const server: Server = Fastify({
    logger: false,
    bodyLimit: LIMITS.requestBodyMaxBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestIdHeader: false,
    genReqId: () => `${boot}-${(requests++).toString(36)}`,
    // What arrives while we stop is still served.
    return503OnClosing: false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    frameworkErrors: (_error, _request, reply) => sendProblem(reply, badUrl),
  }).withTypeProvider<TypeBoxTypeProvider>();
  server.removeContentTypeParser("text/plain");
  server.setErrorHandler(problemHandler(gateway.log));
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, new PlatformError("route-not-found")));
  logRequests(server, gateway.log);
  closeConnectionsOnStop(server);

  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Convos agents",
        version: "1",
        description:
          "Claim an agent, talk to it, explode it. Errors are problem documents (RFC 9457); texts and secrets never appear in them.",
      },
      ...(gateway.config.publicUrl === undefined ? {} : { servers: [{ url: gateway.config.publicUrl }] }),
      components: { securitySchemes: SECURITY_SCHEMES },
    },
  });
  guardRoutes(server, gateway);
  await server.register(swaggerUi, { routePrefix: "/docs" });
  await server.register(async (routes: Server) => {
    healthRoutes(routes, gateway);
    publicPoolRoutes(routes, gateway);
    attestationRoutes(routes, gateway);
    eventRoutes(routes, gateway);
    bootstrapRoutes(routes, gateway);
    claimRoutes(routes, gateway);
    poolRoutes(routes, gateway);
    poolOperationRoutes(routes, gateway);
    instanceRoutes(routes, gateway);
    equipmentRoutes(routes, gateway);
    spendRoutes(routes, gateway);
    providerRoutes(routes, gateway);
    codecRoutes(routes, gateway);
    inboundRoutes(routes, gateway);
    await webhookRoutes(routes, gateway);
    await telnyxBrokerRoutes(routes, gateway);
    await bankrBrokerRoutes(routes, gateway);
    const document = { schema: { hide: true }, config: { access: "open", quiet: true } } as const;
    routes.get("/openapi.json", document, () => server.swagger());
  });
  await server.ready();
  return server;
}

/** Answers given while the server closes end their connection, which would otherwise be kept open for the next request. */
function closeConnectionsOnStop(server: Server): void {
  let isClosing = false;
  server.addHook("preClose", (done) => {
    isClosing = true;
    done();
  });
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (isClosing) reply.header("connection", "close");
    done();
  });
}
