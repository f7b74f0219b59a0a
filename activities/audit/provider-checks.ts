import type { Violation } from "../../domain/audit.ts";
import type { Provider } from "../../domain/resource-state.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Registry } from "../registry/registry.ts";

/** What may be spent above a key's limit by requests that were under way when it was reached. */
const OVERSHOOT_USD = 2;

/** The providers' inventories against the ledger, in both directions, and what the keys have spent. */
export async function checkProviders(deps: Dependencies): Promise<Violation[]> {
  const { registry, compute, openrouter } = deps;
  const prefix = `${registry.prefix}-${registry.environment}-`;
  // The ledger is read on both sides of the inventories: what changes meanwhile is nobody's breach.
  const before = await ledgerByName(registry);
  const keys = await openrouter.listKeys(prefix);
  const services = await compute.list(prefix);
  const after = await ledgerByName(registry);
  const overspent = keys
    .filter((key) => key.limit !== null && key.usage > key.limit + OVERSHOOT_USD)
    .map(
      ({ name }): Violation => ({
        invariant: "I7",
        subject: name,
        detail: "the key spent more than its limit",
      }),
    );
  return [
    ...compare(
      "openrouter",
      keys.map((key) => key.name),
      before,
      after,
    ),
    ...compare(
      "compute",
      services.map((service) => service.name),
      before,
      after,
    ),
    ...overspent,
  ];
}

/** `absent`: it was read back as gone. What was given up or retained may still be there. */
type Ledger = ReadonlyMap<string, { active: boolean; absent: boolean }>;

async function ledgerByName({ db }: Registry): Promise<Ledger> {
  const rows = await db.selectFrom("resources").select(["provider", "name", "state", "outcome"]).execute();
  return new Map(
    rows.map(({ provider, name, state, outcome }) => [
      `${provider}/${name}`,
      { active: state === "active", absent: outcome?.kind === "absent" },
    ]),
  );
}

function compare(provider: Provider, names: readonly string[], before: Ledger, after: Ledger): Violation[] {
  const violations: Violation[] = [];
  const present = new Set(names);
  for (const name of present) {
    const entry = after.get(`${provider}/${name}`);
    if (!entry)
      violations.push({ invariant: "I4", subject: name, detail: `${provider} has it, the ledger does not` });
    else if (entry.absent && before.get(`${provider}/${name}`)?.absent) {
      violations.push({
        invariant: "I5",
        subject: name,
        detail: `${provider} has it although it was made absent`,
      });
    }
  }
  // Where names are not unique, a second one is nobody's.
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
    violations.push({ invariant: "I4", subject: name, detail: `${provider} has more than one of this name` });
  }
  for (const [key, entry] of after) {
    const [owner, name = ""] = key.split("/");
    if (owner !== provider || !entry.active || !before.get(key)?.active || present.has(name)) continue;
    violations.push({
      invariant: "I4",
      subject: name,
      detail: `the ledger has it as active, ${provider} does not`,
    });
  }
  return violations;
}
