import { equipmentKey } from "../../domain/equipment.ts";
import type { LedgerRow } from "../../domain/leak.ts";
import type { Provider } from "../../domain/resource-state.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Registry } from "../registry/registry.ts";

/** Something that a provider has under a name of this environment. */
export interface InventoryEntry {
  provider: Provider;
  kind: string;
  name: string;
  externalId: string;
  createdAt?: Date;
}

export interface Inventory {
  items: readonly InventoryEntry[];
  /** The kinds that were looked through, as `provider/kind`: only of these absence means something. */
  kinds: ReadonlySet<string>;
}

/** What all providers have of this environment: the names of another one begin otherwise. */
export async function readInventory({
  registry,
  compute,
  resources,
}: Pick<Dependencies, "registry" | "compute" | "resources">): Promise<Inventory> {
  const prefix = `${registry.prefix}-${registry.environment}-`;
  const items = (await compute.list(prefix)).map(
    ({ kind, name, externalId }): InventoryEntry => ({ provider: "compute", kind, name, externalId }),
  );
  for (const kind of resources.all())
    for (const item of await kind.list(prefix))
      items.push({ ...item, provider: kind.provider, kind: kind.kind });
  const kinds = [
    ...resources.all(),
    ...compute.resourceKinds.map((kind) => ({ provider: "compute", kind })),
  ].map(equipmentKey);
  return { items, kinds: new Set(kinds) };
}

/** What the ledger has under a name. */
export type LedgerFacts = LedgerRow & Pick<InventoryEntry, "provider" | "kind" | "name">;
export type Ledger = ReadonlyMap<string, LedgerFacts>;

export const inventoryKey = ({
  provider,
  kind,
  name,
}: Pick<InventoryEntry, "provider" | "kind" | "name">): string => `${provider}/${kind}/${name}`;

/** Every row of the ledger, by `inventoryKey`: one query for a whole look. */
export async function readLedger({ db }: Registry): Promise<Ledger> {
  const rows = await db
    .selectFrom("resources")
    .select(["provider", "kind", "name", "external_id", "state", "outcome"])
    .execute();
  return new Map(
    rows.map(({ external_id, outcome, ...row }) => [
      inventoryKey(row),
      { ...row, externalId: external_id ?? undefined, outcome: outcome ?? undefined },
    ]),
  );
}
