import { fence, readReceipt } from "../../activities/registry/end.ts";
import { listInstances } from "../../activities/registry/instances.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { Gateway } from "../gateway.ts";
import { instanceDetail, instanceSummary } from "../instance-view.ts";
import { fillBody } from "../optional-body.ts";
import { readOrThrow } from "../read-instance.ts";
import {
  ExplodeBody,
  ExplodingBody,
  InstanceDetail,
  InstanceList,
  InstanceParams,
  InstanceQuery,
  Receipt,
} from "../schemas/instance.ts";
import { PROBLEMS } from "../schemas/problem.ts";
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
      config: { access: "admin" },
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
      config: { access: "admin" },
    },
    async (request) => instanceDetail(gateway, await readOrThrow(gateway, request.params.id)),
  );
  server.get(
    "/api/instances/:id/receipt",
    {
      schema: {
        operationId: "receipt",
        summary: "The signed proof of what became of an instance; 404 until it has exploded",
        params: InstanceParams,
        response: { 200: Receipt, ...PROBLEMS },
      },
      config: { access: "admin" },
    },
    async (request) => {
      const { id } = await readOrThrow(gateway, request.params.id);
      const receipt = await readReceipt(registry, id);
      if (!receipt) throw new PlatformError("not-found", { detail: `a receipt of instance ${id}` });
      return receipt;
    },
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
      config: { access: "admin" },
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
