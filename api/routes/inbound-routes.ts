import { Type } from "typebox";
import { readInbound, readInboundCounts, settleInbound } from "../../activities/registry/inbound.ts";
import { PlatformError } from "../../domain/errors.ts";
import { DROP_REASONS, INBOUND_ID, INBOUND_PROVIDERS, InboundItem } from "../../domain/inbound.ts";
import type { Gateway } from "../gateway.ts";
import { InstanceParams } from "../schemas/instance.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

const InboundParams = Type.Object(
  { ...InstanceParams.properties, inboundId: Type.String({ pattern: INBOUND_ID }) },
  { additionalProperties: false },
);
const Nothing = Type.Null({ description: "It has been delivered, or was never there." });

const InboundCounts = Type.Object(
  {
    waiting: Type.Integer({ minimum: 0, description: "Kept until their agents fetch them." }),
    dropped: Type.Array(
      Type.Object(
        {
          provider: Type.String({ enum: [...INBOUND_PROVIDERS] }),
          reason: Type.String({ enum: [...DROP_REASONS] }),
          count: Type.Integer({ minimum: 1 }),
        },
        { additionalProperties: false },
      ),
      { description: "Not kept, ever since the beginning." },
    ),
  },
  { additionalProperties: false },
);

/** Where agents fetch what has come for them; they are told the ids only. */
export function inboundRoutes(server: Server, { registry }: Gateway): void {
  server.get(
    "/api/instances/:id/inbound/:inboundId",
    {
      schema: {
        operationId: "readInbound",
        summary:
          "For agents: fetch what has come from outside, with the instance's own secret as bearer token",
        params: InboundParams,
        response: { 200: InboundItem, 204: Nothing, ...PROBLEMS },
      },
      config: { access: "instance", quiet: true },
    },
    async (request, reply) => {
      const { instanceId } = request;
      if (!instanceId) throw new PlatformError("unauthorized");
      reply.header("cache-control", "no-store");
      const item = await readInbound(registry, instanceId, request.params.inboundId);
      if (item) return item;
      return reply.code(204).send(null);
    },
  );
  server.delete(
    "/api/instances/:id/inbound/:inboundId",
    {
      schema: {
        operationId: "acknowledgeInbound",
        summary: "For agents: it is in safe hands; its body is removed here",
        params: InboundParams,
        response: { 204: Nothing, ...PROBLEMS },
      },
      config: { access: "instance", quiet: true },
    },
    async (request, reply) => {
      const { instanceId } = request;
      if (!instanceId) throw new PlatformError("unauthorized");
      await settleInbound(registry, instanceId, request.params.inboundId);
      return reply.code(204).send(null);
    },
  );
  server.get(
    "/api/inbound/counts",
    {
      schema: {
        operationId: "countInbound",
        summary: "How much waits for agents, and how much was not kept and why",
        response: { 200: InboundCounts, ...PROBLEMS },
      },
      config: { access: "admin", quiet: true },
    },
    () => readInboundCounts(registry),
  );
}
