import { Type } from "typebox";
import { deliverInbound } from "../../activities/inbound/deliver.ts";
import { fence } from "../../activities/registry/end.ts";
import { takeReport } from "../../activities/registry/reports.ts";
import type { AgentEvent, ExplodeRequest } from "../../domain/agent-protocol.ts";
import { PlatformError } from "../../domain/errors.ts";
import { type InstanceId, parseClaimId } from "../../domain/ids.ts";
import type { EndReason } from "../../domain/instance-state.ts";
import type { Gateway } from "../gateway.ts";
import { EventBody } from "../schemas/agent-event.ts";
import { InstanceParams } from "../schemas/instance.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

const END_REASON_OF = {
  member: "exploded-by-member",
  removed: "removed",
  operator: "operator",
  expiry: "claim-expired",
} as const satisfies Record<ExplodeRequest["reason"], EndReason>;

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
      config: { access: "instance", quiet: true },
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

async function wake(gateway: Gateway, id: InstanceId, event: AgentEvent): Promise<void> {
  const { registry, workflows, background } = gateway;
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
      // A claimed agent that was away is told at once what has come for it meanwhile.
      background.run("inbound-notify", { instance: id }, () =>
        deliverInbound(gateway, id, { onlyDue: false }),
      );
      return workflows.wakeInstance(id);
    case "expiry-set":
    case "fault":
    case "exploded":
      return workflows.wakeInstance(id);
  }
}
