import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { manualKeyOf } from "../../activities/bankr/manual-key.ts";
import { Budgets } from "../../activities/rate-limit/budgets.ts";
import { BANKR_BUDGET } from "../../activities/rate-limit/default-budgets.ts";
import { type ErrorCode, PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { Gateway } from "../gateway.ts";
import { RateLimit } from "../rate-limit.ts";
import { InstanceParams } from "../schemas/instance.ts";
import type { Server } from "../server.ts";
import { isServing } from "./own-number.ts";
import { PROVIDER_ANSWERS } from "./provider-answers.ts";
import { MAY_HAVE_ACTED, type Refusal, refusalHandler } from "./refusals.ts";
import { askProvider } from "./upstream.ts";

/** What an agent may ask of its wallet: no swaps, no signatures, no assistant. Source: Bankr, "Wallet API". */
const ROUTES = [
  ["GET", "/wallet/me"],
  ["GET", "/wallet/portfolio"],
  ["POST", "/wallet/transfer"],
] as const;
const Query = Type.Object(
  {
    chains: Type.Optional(Type.String({ maxLength: 200 })),
    include: Type.Optional(Type.String({ maxLength: 200 })),
    showLowValueTokens: Type.Optional(Type.Literal("true")),
  },
  { additionalProperties: false },
);

interface WalletRequest {
  method: "GET" | "POST";
  path: string;
  query: Readonly<Record<string, string | undefined>>;
  body: unknown;
}

const NoQuery = Type.Object({}, { additionalProperties: false });

/**
 * Bankr for the one agent that a key made by hand belongs to. Every request is sent once: nothing that may have moved
 * money is ever repeated here.
 */
export async function bankrBrokerRoutes(server: Server, { config, registry, log }: Gateway): Promise<void> {
  const { bankrUrl, bankrKey } = config.broker;
  const limit = new RateLimit(LIMITS.brokerRate);
  const fetch = new Budgets(registry.db, config.budgets).fetchFor(BANKR_BUDGET);

  const forward = async (
    instanceId: InstanceId | undefined,
    { method, path, query, body }: WalletRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    if (!instanceId) throw new PlatformError("unauthorized");
    limit.take(instanceId);
    if (!bankrKey) return refuse(reply, refusal(404, "Not Found", "There is no wallet here."));
    const key = manualKeyOf(bankrKey, instanceId);
    if (key === undefined || !(await isServing(registry, instanceId))) return refuse(reply, FORBIDDEN);
    const search = new URLSearchParams(
      Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ).toString();
    const answer = await askProvider(fetch, {
      method,
      url: `${bankrUrl}${path}${search === "" ? "" : `?${search}`}`,
      credential: { "x-api-key": key },
      ...(body === undefined || body === null ? {} : { body }),
    });
    if (answer.status === 401) {
      log("broker-denied", { provider: "bankr" });
      return refuse(reply, UNAVAILABLE);
    }
    const retryAfter = answer.headers.get("retry-after");
    if (retryAfter !== null) reply.header("retry-after", retryAfter);
    return reply.code(answer.status).type("application/json").send(answer.text);
  };

  await server.register(
    async (routes: Server) => {
      routes.setErrorHandler(refusalHandler(log, bankrRefusal));
      routes.setNotFoundHandler((_request, reply) => refuse(reply, FORBIDDEN));
      for (const [method, path] of ROUTES) {
        routes.route({
          method,
          url: path,
          schema: {
            operationId: `brokerBankr${method}${path.replace(/\W+(\w)/g, (_, letter) => letter.toUpperCase())}`,
            summary: `For the agent with a Bankr key made by hand: Bankr's \`${method} ${path}\``,
            params: InstanceParams,
            querystring: path === "/wallet/portfolio" ? Query : NoQuery,
            response: PROVIDER_ANSWERS,
          },
          config: { access: "instance", quiet: true },
          bodyLimit: LIMITS.brokerRequestMaxBytes,
          handler: (request, reply) => {
            const query = Value.Check(Query, request.query) ? request.query : {};
            const { instanceId, body } = request;
            return forward(instanceId, { method, path, query, body }, reply);
          },
        });
      }
    },
    { prefix: "/broker/:id/bankr" },
  );
}

const refusal = (status: number, error: string, message: string): Refusal => ({
  status,
  body: { error, message },
});
const FORBIDDEN = refusal(403, "Forbidden", "This agent may not do that.");
const UNAVAILABLE = refusal(503, "Service unavailable", "The provider cannot be used now.");

/** What goes wrong on the way to the provider, as it would say it. Source: Bankr, "Errors": `{error, message}`. */
function bankrRefusal(code: ErrorCode): Refusal {
  switch (code) {
    case "unauthorized":
    case "not-found":
    case "gone":
      return refusal(401, "Authentication required", "The agent's token is missing or wrong.");
    case "forbidden":
      return FORBIDDEN;
    case "rate-limited":
    case "throttled":
      return refusal(429, "Rate limit exceeded", "Wait for as long as Retry-After says.");
    case "payload-too-large":
      return refusal(413, "Invalid request", "The request is too large.");
    case "invalid-request":
    case "unsupported-media-type":
      return refusal(400, "Invalid request", "The request is not well-formed.");
    case "ambiguous":
      return refusal(504, "Gateway timeout", `The provider did not answer. ${MAY_HAVE_ACTED}`);
    default:
      return UNAVAILABLE;
  }
}

const refuse = (reply: FastifyReply, { status, body }: Refusal): FastifyReply =>
  reply.code(status).type("application/json").send(JSON.stringify(body));
