import type { ResourceRow } from "../tables.ts";
import type { World } from "../world.ts";
import type { Check } from "./checker.ts";

/** I4 ledger and inventories agree, in both directions. I5 of an exploded instance nothing is left that is readable. */
export const checkLedger: Check = (world, _memory, report) => {
  const { tables } = world;
  const rows = new Map<string, ResourceRow>();
  for (const row of tables.resources) rows.set(row.place, row);
  const held = new Set<string>();
  for (const { id, place } of inventory(world)) {
    held.add(id);
    const row = rows.get(place);
    if (!row) report("I4", place, "the provider has it, the ledger does not");
    else if (row.outcome?.kind === "absent" && tables.instance(row.instanceId).state === "exploded")
      report("I4", place, "the provider has it although its instance has exploded");
  }
  for (const { instanceId, place, state, externalId } of tables.resources) {
    const owner = tables.instance(instanceId);
    if (owner.state === "exploded" && state !== "settled") report("I5", place, "it has no outcome");
    // What is being ended may have gone before its row says so.
    if (state !== "active" || owner.desired === "absent") continue;
    if (externalId === undefined || !held.has(externalId))
      report("I4", place, "the ledger has it as active, the provider does not");
  }
  for (const { id, state, hasDataKey } of tables.instances.values())
    if (state === "exploded" && hasDataKey) report("I5", id, "its secrets can still be read");
};

function* inventory({ providers, compute }: World): Generator<{ id: string; place: string }> {
  for (const { things } of providers.values()) yield* things.values();
  yield* compute.services.values();
}
