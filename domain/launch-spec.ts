import type { Epoch, InstanceId, ResourceName } from "./ids.ts";

/**
 * What it takes to start one instance's process, the same for a first start, a restart and an upgrade.
 * Holds no secret: those are handed to the driver beside it.
 */
export interface LaunchSpec {
  instanceId: InstanceId;
  /** The name of the service at the compute provider. */
  name: ResourceName;
  epoch: Epoch;
  /** Names the agent build and its configuration; a pool rolls out from one to the next. */
  generation: string;
  /** Environment of the agent's process, without secrets (`AGENT_ENVIRONMENT`). */
  environment: Readonly<Record<string, string>>;
}
