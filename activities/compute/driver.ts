import type { AgentSecrets } from "../../domain/agent-protocol.ts";
import type { InstanceId, ResourceName } from "../../domain/ids.ts";
import type { LaunchSpec } from "../../domain/launch-spec.ts";

/** What a driver sees of one instance. "I do not know" is a thrown error, never an observation. */
export type Observation =
  | { state: "running"; epoch: number; url: string; externalId: string }
  | { state: "exited"; epoch: number; externalId: string }
  | { state: "absent" };

export interface InventoryItem {
  name: string;
  externalId: string;
  /** Whether its process runs now. */
  running: boolean;
}

/**
 * Where agents run. Every call is idempotent and bounded in time; all drivers pass one contract suite.
 * An instance is known by its name; its state (the volume) outlives its process until `destroy`.
 */
export interface ComputeDriver {
  readonly kind: string;
  /**
   * Starts the instance's process for `spec.epoch`, on the state of earlier epochs. A process of an older
   * epoch is stopped first; one of the same epoch is returned as it is. Resolves when the agent listens.
   */
  launch(spec: LaunchSpec, secrets: AgentSecrets): Promise<{ url: string; externalId: string }>;
  observe(instanceId: InstanceId, name: ResourceName): Promise<Observation>;
  /** Makes process and state absent, and reads back that they are. Succeeds when there was nothing. */
  destroy(instanceId: InstanceId, name: ResourceName): Promise<void>;
  /** Everything this driver holds whose name starts with `namePrefix`. */
  list(namePrefix: string): Promise<readonly InventoryItem[]>;
}
