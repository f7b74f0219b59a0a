import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { Budgets } from "../../activities/rate-limit/budgets.ts";
import { TELNYX_BUDGET } from "../../activities/rate-limit/default-budgets.ts";
import { PlatformError } from "../../domain/errors.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { Gateway } from "../gateway.ts";
import { RateLimit } from "../rate-limit.ts";
import { InstanceParams } from "../schemas/instance.ts";
import type { Server } from "../server.ts";
import { ownNumber } from "./own-number.ts";
import { PROVIDER_ANSWERS } from "./provider-answers.ts";
import { type Refusal, refusalHandler } from "./refusals.ts";
import { numberPage, TelnyxAccount } from "./telnyx-account.ts";
import { FORBIDDEN, FOREIGN, NO_NUMBER, NOT_FOUND, telnyxRefusal, UNAVAILABLE } from "./telnyx-errors.ts";
import type { UpstreamAnswer } from "./upstream.ts";

const PREFIX = "/broker/:id/telnyx/v2";
/** What an agent may say about a message. Number, profile and webhooks are the platform's; the rest is left out. */
const MessageBody = Type.Object({
  to: Type.String({ minLength: 1, maxLength: 64 }),
  text: Type.Optional(Type.String()),
  media_urls: Type.Optional(Type.Array(Type.String({ maxLength: 2_048 }), { maxItems: 10 })),
  subject: Type.Optional(Type.String({ maxLength: 500 })),
  type: Type.Optional(Type.Union([Type.Literal("SMS"), Type.Literal("MMS")])),
});
const MessageParams = Type.Object(
  { ...InstanceParams.properties, messageId: Type.String({ minLength: 1, maxLength: 100 }) },
  { additionalProperties: false },
);
const PASSED_HEADERS = ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/**
 * Telnyx as agents see it: a `telnyx` client with this as its base URL and the instance's secret as its key. An agent
 * sends from its own number, reads messages of its own and sees its own number; nothing is stored here.
 */
export async function telnyxBrokerRoutes(server: Server, gateway: Gateway): Promise<void> {
  const { config, registry, log } = gateway;
  const { telnyxUrl, telnyxKey } = config.broker;
  const limit = new RateLimit(LIMITS.brokerRate);
  const budgets = new Budgets(registry.db, config.budgets);
  const account =
    telnyxKey === undefined
      ? undefined
      : new TelnyxAccount(telnyxUrl, telnyxKey, budgets.fetchFor(TELNYX_BUDGET));

  const pass = (reply: FastifyReply, { status, headers, text }: UpstreamAnswer): FastifyReply => {
    if (status === 401) {
      log("broker-denied", { provider: "telnyx" });
      return refuse(reply, UNAVAILABLE);
    }
    for (const name of PASSED_HEADERS) {
      const value = headers.get(name);
      if (value !== null) reply.header(name, value);
    }
    return reply.code(status).type("application/json").send(text);
  };

  await server.register(
    async (routes: Server) => {
      routes.setErrorHandler(refusalHandler(log, telnyxRefusal));
      routes.setNotFoundHandler((_request, reply) => refuse(reply, FORBIDDEN));
      const config = { access: "instance", quiet: true } as const;

      routes.post(
        "/messages",
        {
          schema: {
            operationId: "brokerSendMessage",
            summary:
              "For agents: send a text message from the agent's own number, as Telnyx's `POST /messages`",
            params: InstanceParams,
            body: MessageBody,
            response: PROVIDER_ANSWERS,
          },
          config,
          bodyLimit: LIMITS.brokerRequestMaxBytes,
        },
        async ({ instanceId, body }, reply) => {
          if (!instanceId) throw new PlatformError("unauthorized");
          limit.take(instanceId);
          if (!account) return refuse(reply, NOT_FOUND);
          const number = await ownNumber(registry, instanceId);
          if (number === undefined) return refuse(reply, NO_NUMBER);
          const { to, text, media_urls, subject, type } = body;
          const answer = await account.send({
            ...{ to, text, media_urls, subject, type },
            from: number,
            messaging_profile_id: await account.profileOf(number),
          });
          // The provider knows no repetitions: a client that tries again by itself would send it twice.
          if (answer.status !== 429) reply.header("x-should-retry", "false");
          return pass(reply, answer);
        },
      );
      routes.get(
        "/messages/:messageId",
        {
          schema: {
            operationId: "brokerReadMessage",
            summary:
              "For agents: a message from or to the agent's own number, as Telnyx's `GET /messages/{id}`",
            params: MessageParams,
            response: PROVIDER_ANSWERS,
          },
          config,
        },
        async ({ instanceId, params }, reply) => {
          if (!instanceId) throw new PlatformError("unauthorized");
          limit.take(instanceId);
          const number = account && (await ownNumber(registry, instanceId));
          if (!number) return refuse(reply, NOT_FOUND);
          const { answer, isOwn } = await account.readMessage(params.messageId, number);
          return isOwn === false ? refuse(reply, FOREIGN) : pass(reply, answer);
        },
      );
      routes.get(
        "/phone_numbers",
        {
          schema: {
            operationId: "brokerListNumbers",
            summary: "For agents: the agent's own number, as Telnyx's `GET /phone_numbers`",
            params: InstanceParams,
            response: PROVIDER_ANSWERS,
          },
          config,
        },
        async ({ instanceId }, reply) => {
          if (!instanceId) throw new PlatformError("unauthorized");
          limit.take(instanceId);
          const number = account && (await ownNumber(registry, instanceId));
          if (!number) return reply.type("application/json").send(numberPage([]));
          return pass(reply, await account.listNumber(number));
        },
      );
    },
    { prefix: PREFIX },
  );
}

const refuse = (reply: FastifyReply, { status, body }: Refusal): FastifyReply =>
  reply.code(status).type("application/json").send(JSON.stringify(body));
