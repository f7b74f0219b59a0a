import type { InstanceId, ResourceName } from "../../domain/ids.ts";
import type { Provider, ResourceOutcome } from "../../domain/resource-state.ts";
import type { SecretKind } from "../registry/schema.ts";

/** Whom a resource is made for. */
export interface ResourceOwner {
  instanceId: InstanceId;
  /** The deterministic name under which it is made and looked for. */
  name: ResourceName;
  /** External ids of the instance's other active resources at the same provider, by kind. */
  siblings: ReadonlyMap<string, string>;
}

export interface Found {
  externalId: string;
}

export interface Created extends Found {
  /** What the provider shows only once. */
  secret?: string;
}

export interface InventoryItem extends Found {
  name: string;
  /** When the provider made it, where it says so. */
  createdAt?: Date;
}

/**
 * One kind of external resource at its provider. `ensureResource` and `releaseResource` carry the rule of the ledger;
 * a kind knows only its provider's calls. No call retries, and each ends within 20 s. Failures are `PlatformError`s of
 * the catalogue: `throttled` · `transient` · `ambiguous` · `conflict` · `denied` · `exhausted` · `invalid`.
 */
export interface ResourceKind {
  readonly provider: Provider;
  /** As the ledger names it: `mailbox`, `number`, … */
  readonly kind: string;
  /** How its one-time secret is stored; without one, whatever is found under the name is adopted. */
  readonly secret?: SecretKind;
  /** For how long after a create its provider's reads may not show it. */
  readonly settleMs: number;
  /** What stands under exactly this name, whatever its condition; one that has ended is not listed. */
  find(owner: ResourceOwner): Promise<readonly Found[]>;
  create(owner: ResourceOwner): Promise<Created>;
  /** Throws while one that was found is not usable yet (`ambiguous`, `transient`) or never will be (`invalid`). */
  verify?(externalId: string, owner: ResourceOwner): Promise<void>;
  /** Takes its rights away at once, before anything is taken apart. Absent is a success. */
  revoke?(externalId: string): Promise<void>;
  /** Makes it absent, reads that back, and says what became of it. Absent already is a success; denied never is. */
  remove(externalId: string, owner: ResourceOwner): Promise<ResourceOutcome>;
  /** Renames one that nobody ever used: it is found under the successor's name only from then on. */
  handOver?(externalId: string, owner: ResourceOwner, successor: ResourceName): Promise<void>;
  /** Everything of this kind whose name starts with the prefix, as the provider has it now. */
  list(namePrefix: string): Promise<readonly InventoryItem[]>;
}
