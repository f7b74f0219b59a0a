import { findInstance, type InstanceView } from "../activities/registry/instances.ts";
import { PlatformError } from "../domain/errors.ts";
import { parseInstanceId } from "../domain/ids.ts";
import type { Gateway } from "./gateway.ts";

/** The instance of a path's id. Throws `not-found`. */
export async function readOrThrow({ registry }: Gateway, id: string): Promise<InstanceView> {
  const instanceId = parseInstanceId(id);
  const instance = instanceId && (await findInstance(registry, instanceId));
  if (!instance) throw new PlatformError("not-found", { detail: `instance ${id}` });
  return instance;
}
