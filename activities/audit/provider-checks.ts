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

type Ledger = ReadonlyMap<string, { active: boolean; settled: boolean }>;

async function ledgerByName({ db }: Registry): Promise<Ledger> {
  const rows = await db.selectFrom("resources").select(["provider", "name", "state"]).execute();
  return new Map(
    rows.map(({ provider, name, state }) => [
      `${provider}/${name}`,
      { active: state === "active", settled: state === "settled" },
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
    else if (entry.settled && before.get(`${provider}/${name}`)?.settled) {
      violations.push({
        invariant: "I5",
        subject: name,
        detail: `${provider} has it although it was settled`,
      });
    }
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
