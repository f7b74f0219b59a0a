import { redeemBootstrapToken } from "../../activities/registry/bootstrap.ts";
import { agentSecrets } from "../../activities/registry/secrets.ts";
import { PlatformError } from "../../domain/errors.ts";
import { parseInstanceId } from "../../domain/ids.ts";
import type { Gateway } from "../gateway.ts";
import { BootstrapAnswer, BootstrapBody } from "../schemas/bootstrap.ts";
import { InstanceParams } from "../schemas/instance.ts";
import { PROBLEMS } from "../schemas/problem.ts";
import type { Server } from "../server.ts";

const TOKEN = /^Bearer ([A-Za-z0-9_-]{43})$/i;
const BODY_MAX_BYTES = 256;

/** Where an agent that was started by a hosted driver gets its secrets, which are in none of its variables. */
export function bootstrapRoutes(server: Server, { registry }: Gateway): void {
  server.post(
    "/api/instances/:id/bootstrap",
    {
      schema: {
        operationId: "bootstrapAgent",
        summary: "For agents: fetch the secrets of one start, with its bootstrap token as bearer token",
        description:
          "Good once and for ten minutes. Every refusal is the same 401, whatever is wrong with token, epoch or instance.",
        params: InstanceParams,
        body: BootstrapBody,
        response: { 200: BootstrapAnswer, ...PROBLEMS },
      },
      config: { access: "bootstrap" },
      bodyLimit: BODY_MAX_BYTES,
    },
    async (request, reply) => {
      const id = parseInstanceId(request.params.id);
      const token = TOKEN.exec(request.headers.authorization ?? "")?.[1];
      const redeemed = id && token && (await redeemBootstrapToken(registry, id, request.body.epoch, token));
      if (!id || !redeemed) throw new PlatformError("unauthorized");
      const { instanceSecret, modelKey, stateKey } = await agentSecrets(registry, id);
      reply.header("cache-control", "no-store");
      return { instanceSecret, modelKey, stateKey };
    },
  );
}
