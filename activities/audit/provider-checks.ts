import type { Violation } from "../../domain/audit.ts";
import { equipmentKey } from "../../domain/equipment.ts";
import type { Dependencies } from "../dependencies.ts";
import {
  type Inventory,
  inventoryKey,
  type Ledger,
  type LedgerFacts,
  readInventory,
  readLedger,
} from "./inventory.ts";

/** What may be spent above a key's limit by requests that were under way when it was reached. */
const OVERSHOOT_USD = 2;

/** The providers' inventories against the ledger, in both directions, and what the keys have spent. */
export async function checkProviders(deps: Dependencies): Promise<Violation[]> {
  const { registry, openrouter } = deps;
  // The ledger is read on both sides of the inventories: what changes meanwhile is nobody's breach.
  const before = await readLedger(registry);
  const inventory = await readInventory(deps);
  const keys = await openrouter.listKeys(`${registry.prefix}-${registry.environment}-`);
  const after = await readLedger(registry);
  const overspent = keys
    .filter((key) => key.limit !== null && key.usage > key.limit + OVERSHOOT_USD)
    .map(
      ({ name }): Violation => ({
        invariant: "I7",
        subject: name,
        detail: "the key spent more than its limit",
      }),
    );
  return [...unknownOrLeft(inventory, before, after), ...missing(inventory, before, after), ...overspent];
}

const isActive = (entry: LedgerFacts | undefined): boolean => entry?.state === "active";
/** It was read back as gone. What was given up or retained may still be there. */
const isAbsent = (entry: LedgerFacts | undefined): boolean => entry?.outcome?.kind === "absent";

function unknownOrLeft({ items }: Inventory, before: Ledger, after: Ledger): Violation[] {
  const violations: Violation[] = [];
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = inventoryKey(item);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    const subject = item.name;
    const what = `${item.provider} has its ${item.kind}`;
    const entry = after.get(key);
    // Where names are not unique, a second one is nobody's.
    if (count === 2) violations.push({ invariant: "I4", subject, detail: `${what} more than once` });
    if (count > 1) continue;
    if (!entry) violations.push({ invariant: "I4", subject, detail: `${what}, the ledger does not` });
    else if (isAbsent(entry) && isAbsent(before.get(key)))
      violations.push({ invariant: "I5", subject, detail: `${what} although it was made absent` });
  }
  return violations;
}

function missing({ items, kinds }: Inventory, before: Ledger, after: Ledger): Violation[] {
  const present = new Set(items.map(inventoryKey));
  return [...after]
    .filter(
      ([key, entry]) =>
        isActive(entry) && isActive(before.get(key)) && kinds.has(equipmentKey(entry)) && !present.has(key),
    )
    .map(([, { name, provider, kind }]) => ({
      invariant: "I4",
      subject: name,
      detail: `the ledger has its ${kind} as active, ${provider} does not`,
    }));
}
