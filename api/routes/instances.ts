import { fence } from "../../activities/registry/end.ts";
import { findInstance, type InstanceView, listInstances } from "../../activities/registry/instances.ts";
import { PlatformError } from "../../domain/errors.ts";
import { parseInstanceId } from "../../domain/ids.ts";
import type { Gateway } from "../gateway.ts";
import { instanceDetail, instanceSummary } from "../instance-view.ts";
import { fillBody } from "../optional-body.ts";
import {
  ExplodeBody,
  ExplodingBody,
  InstanceDetail,
  InstanceList,
  InstanceParams,
  InstanceQuery,
  PROBLEMS,
} from "../schemas.ts";
import type { Server } from "../server.ts";

const MAX_LISTED = 1_000;

export function instanceRoutes(server: Server, gateway: Gateway): void {
  const { registry, workflows } = gateway;
  server.get(
    "/api/instances",
    {
      schema: {
        operationId: "instances",
        summary: `The newest instances, at most ${MAX_LISTED}`,
        querystring: InstanceQuery,
        response: { 200: InstanceList, ...PROBLEMS },
      },
    },
    async (request) => {
      const options = { limit: MAX_LISTED, ended: request.query.ended === "true" };
      return { instances: (await listInstances(registry, options)).map(instanceSummary) };
    },
  );
  server.get(
    "/api/instances/:id",
    {
      schema: {
        operationId: "instance",
        summary: "An instance with its timeline, its resources and its receipt",
        params: InstanceParams,
        response: { 200: InstanceDetail, ...PROBLEMS },
      },
    },
    async (request) => instanceDetail(gateway, await readOrThrow(gateway, request.params.id)),
  );
  server.post(
    "/api/instances/:id/explode",
    {
      schema: {
        operationId: "explode",
        summary: "Make the instance and everything it owns absent",
        description:
          "Answers when the end is certain; the instance shows its progress and finally its receipt. People stay in their conversation.",
        params: InstanceParams,
        body: ExplodeBody,
        response: { 202: ExplodingBody, ...PROBLEMS },
      },
      preValidation: fillBody,
    },
    async (request, reply) => {
      const { id, state } = await readOrThrow(gateway, request.params.id);
      if (state === "exploded") throw new PlatformError("gone", { detail: `instance ${id}` });
      await fence(registry, id, "operator");
      await workflows.startExplode(id, "operator");
      reply.code(202).header("location", `/api/instances/${id}`);
      return { instanceId: id, status: "exploding" };
    },
  );
}

async function readOrThrow({ registry }: Gateway, id: string): Promise<InstanceView> {
  const instanceId = parseInstanceId(id);
  const instance = instanceId && (await findInstance(registry, instanceId));
  if (!instance) throw new PlatformError("not-found", { detail: `instance ${id}` });
  return instance;
}
