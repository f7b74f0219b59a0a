import { Type } from "typebox";
import { fence } from "../../activities/registry/end.ts";
import { findInstance } from "../../activities/registry/instances.ts";
import { takeReport } from "../../activities/registry/reports.ts";
import { readSecret } from "../../activities/registry/secrets.ts";
import type { AgentEvent, ExplodeRequest } from "../../domain/agent-protocol.ts";
import { PlatformError } from "../../domain/errors.ts";
import { type InstanceId, parseClaimId, parseInstanceId } from "../../domain/ids.ts";
import type { EndReason } from "../../domain/instance-state.ts";
import { EventBody } from "../agent-event-schema.ts";
import { bearerIs } from "../auth.ts";
import type { Gateway } from "../gateway.ts";
import { InstanceParams, PROBLEMS } from "../schemas.ts";
import type { Server } from "../server.ts";

const END_REASON_OF = {
  member: "exploded-by-member",
  removed: "removed",
  operator: "operator",
  expiry: "claim-expired",
} as const satisfies Record<ExplodeRequest["reason"], EndReason>;

declare module "fastify" {
  interface FastifyRequest {
    /** The instance whose own secret the request carries. */
    instanceId?: InstanceId;
  }
}

/** What the agents report. Answered when it is written down and whoever waits for it has been woken. */
export function eventRoutes(server: Server, gateway: Gateway): void {
  const { registry } = gateway;
  server.post(
    "/api/instances/:id/events",
    {
      schema: {
        operationId: "reportEvent",
        summary: "For agents: report what happened, with the instance's own secret as bearer token",
        description: "Repeated until answered with 2xx, 409 or 410.",
        params: InstanceParams,
        body: EventBody,
        response: { 202: Type.Object({ taken: Type.String({ enum: ["taken", "repeated"] }) }), ...PROBLEMS },
      },
      config: { quiet: true },
      onRequest: async (request) => {
        request.instanceId = await authenticate(gateway, request.params.id, (secret) =>
          bearerIs(request, secret),
        );
      },
    },
    async (request, reply) => {
      const { instanceId, body } = request;
      if (!instanceId) throw new PlatformError("unauthorized");
      const taken = await takeReport(registry, instanceId, body);
      if (taken === "stale") {
        throw new PlatformError("conflict", {
          detail: `epoch ${body.epoch} of instance ${instanceId} is over`,
        });
      }
      await wake(gateway, instanceId, body);
      reply.code(202);
      return { taken };
    },
  );
}

async function authenticate(
  { registry }: Gateway,
  id: string,
  isSecret: (secret: string) => boolean,
): Promise<InstanceId> {
  const instanceId = parseInstanceId(id);
  const instance = instanceId && (await findInstance(registry, instanceId));
  if (!instanceId || !instance) throw new PlatformError("not-found");
  const secret = await readSecret(registry, instanceId, "instance-secret");
  const isOver = instance.state === "exploded" || (secret === undefined && instance.desired === "absent");
  if (isOver) throw new PlatformError("gone", { detail: `instance ${instanceId}` });
  if (secret === undefined || !isSecret(secret)) throw new PlatformError("unauthorized");
  return instanceId;
}

async function wake({ registry, workflows }: Gateway, id: InstanceId, event: AgentEvent): Promise<void> {
  switch (event.kind) {
    case "exploding": {
      const reason = END_REASON_OF[event.reason];
      await fence(registry, id, reason);
      return workflows.startExplode(id, reason);
    }
    case "joined":
    case "join-refused": {
      const claimId = parseClaimId(event.claimId);
      return claimId ? workflows.wakeClaim(claimId) : undefined;
    }
    case "idle":
    case "fault":
    case "exploded":
      return workflows.wakeInstance(id);
  }
}
