import { findInstance } from "../activities/registry/instances.ts";
import type { Registry } from "../activities/registry/registry.ts";
import { readSecret } from "../activities/registry/secrets.ts";
import { PlatformError } from "../domain/errors.ts";
import { type InstanceId, parseInstanceId } from "../domain/ids.ts";
import { isToken } from "./auth.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The instance whose own secret the request carries. */
    instanceId?: InstanceId;
  }
}

/**
 * The instance, if the token is its own secret. Throws `not-found`, `unauthorized`, and `gone` for one that has exploded:
 * its secret is gone too, and an agent that is left over has to learn that nobody waits for its reports.
 */
export async function authenticateInstance(
  registry: Registry,
  id: string,
  token: string,
): Promise<InstanceId> {
  const instanceId = parseInstanceId(id);
  const instance = instanceId && (await findInstance(registry, instanceId));
  if (!instanceId || !instance) throw new PlatformError("not-found");
  const secret = await readSecret(registry, instanceId, "instance-secret");
  const isOver = instance.state === "exploded" || (secret === undefined && instance.desired === "absent");
  if (isOver) throw new PlatformError("gone", { detail: `instance ${instanceId}` });
  if (secret === undefined || !isToken(token, secret)) throw new PlatformError("unauthorized");
  return instanceId;
}
