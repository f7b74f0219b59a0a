import { PlatformError } from "../../errors.ts";
import type { Provider, ResourceOutcome } from "../../resource-state.ts";
import type { ResourceRow } from "../tables.ts";
import type { World } from "../world.ts";

/** The name of everything that the instance owns at a provider. */
export const nameOf = (instanceId: string): string => `agent-sim-${instanceId}`;

/** Writes down that a resource is about to be made, in the transaction that checks the fence. */
export function intend(
  world: World,
  instanceId: string,
  provider: Provider,
  kind: string,
): Readonly<ResourceRow> {
  const { tables } = world;
  if (tables.instance(instanceId).desired !== "present") throw new PlatformError("instance-doomed");
  const name = nameOf(instanceId);
  const found = tables.resourcesOf(instanceId).find((row) => row.provider === provider && row.kind === kind);
  if (found) return { ...found };
  const row: ResourceRow = {
    id: world.newId("r"),
    instanceId,
    provider,
    kind,
    name,
    place: `${provider}/${kind}/${name}`,
    externalId: undefined,
    state: "intended",
    stateSinceMs: world.nowMs,
    outcome: undefined,
    triedMs: undefined,
  };
  // Without the intent the row only comes with the provider's answer.
  if (world.rules.intendsFirst) tables.resources.push(row);
  return { ...row };
}

/** Stores the provider's id; false when the resource is being released, or another one was recorded. */
export function recordActive(
  { tables, rules }: World,
  entry: Readonly<ResourceRow>,
  externalId: string,
): boolean {
  if (!rules.intendsFirst && !tables.resources.some((row) => row.id === entry.id))
    tables.resources.push({ ...entry });
  const row = tables.resource(entry.id);
  const isFree = row.state === "intended" || row.state === "ambiguous";
  if (!isFree && !(row.state === "active" && row.externalId === externalId)) return false;
  row.externalId = externalId;
  tables.moveResource(row, "active");
  return true;
}

export function recordAmbiguous({ tables }: World, id: string): void {
  const row = tables.resources.find((one) => one.id === id);
  if (row?.state === "intended") tables.moveResource(row, "ambiguous");
}

export function beginRelease({ tables }: World, id: string): void {
  const row = tables.resource(id);
  if (row.state !== "releasing" && row.state !== "settled") tables.moveResource(row, "releasing");
}

export function settle({ tables }: World, id: string, outcome: ResourceOutcome): void {
  const row = tables.resource(id);
  if (row.state !== "releasing") return;
  tables.moveResource(row, "settled");
  row.outcome = outcome;
}
