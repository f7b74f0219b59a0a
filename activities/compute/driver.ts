import type { AgentSecrets } from "../../domain/agent-protocol.ts";
import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId, ResourceName } from "../../domain/ids.ts";
import type { LaunchSpec } from "../../domain/launch-spec.ts";
import type { ResourceOutcome } from "../../domain/resource-state.ts";

/** What a driver sees of one instance. "I do not know" is a thrown error, never an observation. */
export type Observation =
  | { state: "running"; epoch: number; url: string; externalId: string }
  | { state: "exited"; epoch: number; externalId: string }
  | { state: "absent" };

export interface InventoryItem {
  /** One of the driver's `resourceKinds`. */
  kind: string;
  name: string;
  externalId: string;
  /** Whether its process runs now; false for what has none. */
  running: boolean;
}

/** How an agent comes to its secrets: by the driver's own hand, or with a token where a driver would store them. */
export interface LaunchGrant {
  secrets: AgentSecrets;
  /** A token, good once and for ten minutes, with which the agent fetches its secrets from the gateway. */
  issueBootstrapToken(): Promise<string>;
}

export interface Launched {
  url: string;
  /** By kind, one of each of the driver's `resourceKinds`; the same for every epoch of an instance. */
  externalIds: Readonly<Record<string, string>>;
}

/**
 * Where agents run. Every call is idempotent and bounded in time; all drivers pass one contract suite.
 * An instance is known by its name; its state (the volume) outlives its process until `destroy`.
 */
export interface ComputeDriver {
  readonly kind: string;
  /** What a launch makes, in the order in which it is made. The ledger has one row for each. */
  readonly resourceKinds: readonly string[];
  /**
   * Starts the instance's process for `spec.epoch`, on the state of earlier epochs. A process of an older
   * epoch is stopped first; one of the same epoch is returned as it is. Resolves when the agent listens.
   */
  launch(spec: LaunchSpec, grant: LaunchGrant): Promise<Launched>;
  observe(instanceId: InstanceId, name: ResourceName): Promise<Observation>;
  /**
   * Makes the instance's resource of one kind absent, and reads back that it is. Succeeds when there was nothing.
   * Kinds are destroyed in the reverse of the order in which they are made.
   */
  destroy(instanceId: InstanceId, name: ResourceName, kind: string): Promise<ResourceOutcome>;
  /** Everything this driver holds whose name starts with `namePrefix`. */
  list(namePrefix: string): Promise<readonly InventoryItem[]>;
}

/** Refuses what another driver has made: this one could only say falsely that it is absent. */
export function requireKind(driver: ComputeDriver, kind: string): void {
  if (!driver.resourceKinds.includes(kind))
    throw new PlatformError("invalid", { detail: `the ${driver.kind} driver makes no ${kind}` });
}

export async function destroyAll(
  driver: ComputeDriver,
  instanceId: InstanceId,
  name: ResourceName,
): Promise<void> {
  for (const kind of driver.resourceKinds.toReversed()) await driver.destroy(instanceId, name, kind);
}
