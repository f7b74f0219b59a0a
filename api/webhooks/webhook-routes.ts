import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { countDrops } from "../../activities/registry/inbound.ts";
import { PlatformError } from "../../domain/errors.ts";
import { LIMITS } from "../../domain/limits.ts";
import { digest } from "../auth.ts";
import type { Gateway } from "../gateway.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";
import { readAgentMailEvent } from "./agentmail-event.ts";
import { wakeByRailway } from "./railway-event.ts";
import { headerOf, isSignedBySvix, isSignedByTelnyx } from "./signatures.ts";
import { takeIn } from "./take-in.ts";
import { readTelnyxEvent } from "./telnyx-event.ts";

const Taken = Type.Object({ taken: Type.Literal(true) });
const TAKEN = { taken: true } as const;
const MAX_EVENT_ID_CHARS = 128;

/**
 * What providers report. Signatures are over the bytes, so bodies are parsed here only once they have been checked.
 * Whatever is signed is answered with 200: sending it again would change nothing.
 */
export async function webhookRoutes(server: Server, gateway: Gateway): Promise<void> {
  const { webhooks } = gateway.config;
  await server.register(async (routes: Server) => {
    routes.removeAllContentTypeParsers();
    routes.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    const options = (operationId: string, summary: string, bodyLimit: number) =>
      ({
        schema: { operationId, summary, response: { 200: Taken, ...PROBLEMS } },
        config: { access: "signature", quiet: true },
        bodyLimit,
      }) as const;

    routes.post(
      "/webhooks/telnyx",
      options("telnyxWebhook", "For Telnyx: a text message has come", LIMITS.smsWebhookMaxBytes),
      async (request) => {
        const raw = rawBody(request);
        if (!webhooks.telnyx || !isSignedByTelnyx(webhooks.telnyx, request.headers, raw, Date.now()))
          throw new PlatformError("unauthorized");
        const sms = readTelnyxEvent(parse(raw));
        if (!sms) return TAKEN;
        const { eventId, to, isKeyword, message } = sms;
        if (isKeyword) await countDrops(gateway.registry.db, "telnyx", "keyword");
        else await takeIn(gateway, { provider: "telnyx", eventId, to, item: { kind: "sms", message } });
        return TAKEN;
      },
    );
    routes.post(
      "/webhooks/agentmail",
      options("agentmailWebhook", "For AgentMail: mail has come", LIMITS.mailWebhookMaxBytes),
      async (request) => {
        const raw = rawBody(request);
        if (!webhooks.agentmail || !isSignedBySvix(webhooks.agentmail, request.headers, raw, Date.now()))
          throw new PlatformError("unauthorized");
        const message = readAgentMailEvent(parse(raw), Date.now());
        const eventId = headerOf(request.headers, "svix-id").slice(0, MAX_EVENT_ID_CHARS);
        const item = message && ({ kind: "mail", message } as const);
        if (item) await takeIn(gateway, { provider: "agentmail", eventId, to: [item.message.to], item });
        return TAKEN;
      },
    );
    const { schema, ...railway } = options(
      "railwayWebhook",
      "For Railway: something happened to a service; it only makes the platform look",
      LIMITS.railwayWebhookMaxBytes,
    );
    routes.post(
      "/webhooks/railway/:secret",
      { ...railway, schema: { ...schema, params: Type.Object({ secret: Type.String() }) } },
      async (request) => {
        if (!webhooks.railway || !timingSafeEqual(digest(request.params.secret), webhooks.railway))
          throw new PlatformError("unauthorized");
        await wakeByRailway(gateway, parse(rawBody(request)));
        return TAKEN;
      },
    );
  });
}

const rawBody = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

/** Undefined for what is no JSON: an event that is not known. */
function parse(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString("utf8"));
  } catch {
    // The parser's message would quote the body.
    return undefined;
  }
}
