import type { AgentStatus } from "../../domain/agent-protocol.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { Dependencies } from "../dependencies.ts";
import type { InstanceView } from "../registry/instances.ts";
import { readSecret } from "../registry/secrets.ts";

/**
 * What the agent says of itself, end to end. Throws `agent-unreachable` when nobody answers, `agent-unproven` when
 * somebody else does.
 */
export async function askStatus(
  { registry, agents }: Pick<Dependencies, "registry" | "agents">,
  { id, url, epoch }: InstanceView,
): Promise<AgentStatus> {
  const instanceSecret = await readSecret(registry, id, "instance-secret");
  if (!url || !instanceSecret) throw new PlatformError("agent-unreachable", { detail: `instance ${id}` });
  return agents.status({ url, instanceId: id, epoch, instanceSecret });
}
