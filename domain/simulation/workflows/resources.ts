import { equipmentKey } from "../../equipment.ts";
import { PlatformError } from "../../errors.ts";
import type { Provider, ResourceOutcome } from "../../resource-state.ts";
import type { Flow } from "../engine/scheduler.ts";
import type { ProviderModel, Thing } from "../outside/provider.ts";
import { intend, recordActive, recordAmbiguous } from "../registry/ledger.ts";
import { Refused, type ResourceRow } from "../tables.ts";
import type { World } from "../world.ts";

/** What shows a secret only once; whatever else is found under the name is adopted. */
const WITH_SECRET: ReadonlySet<string> = new Set(["openrouter/model-key"]);

/** One attempt at a time: a lock of the database's session, which ends with its worker. */
export function* ensureResource(world: World, id: string, provider: Provider, kind: string): Flow<void> {
  const { locks, rules } = world;
  const lock = `${provider}/${kind}/${id}`;
  if (rules.makesOneAtATime && locks.has(lock)) throw new PlatformError("transient");
  locks.add(lock);
  try {
    yield* ensureOne(world, id, provider, kind);
  } finally {
    locks.delete(lock);
  }
}

/** Ends with exactly one resource of this kind for the instance, whose one-time secret is stored. */
function* ensureOne(world: World, id: string, provider: Provider, kind: string): Flow<void> {
  const entry = intend(world, id, provider, kind);
  const model = modelOf(world, entry);
  yield { ms: world.latencyMs() };
  const found = yield* model.list(entry.name);
  const kept = keptOf(world, entry, found);
  for (const other of found) if (other !== kept) yield* model.delete(other.id);
  if (kept) {
    if (!recordActive(world, entry, kept.id)) throw new PlatformError("instance-doomed");
    return;
  }
  if (entry.state === "active")
    throw new PlatformError("invalid", { detail: `the ${kind} of ${id} was lost` });
  if (!world.rules.makesResourcesAnew && takeOver(world, entry)) return;

  intend(world, id, provider, kind);
  const created = yield* create(world, model, entry);
  if (!store(world, entry, created)) {
    yield* model.delete(created.id);
    throw new PlatformError("instance-doomed");
  }
  if (!(yield* model.list(entry.name)).some((thing) => thing.id === created.id))
    throw new PlatformError("transient");
}

/** The one to go on with; what has lost its secret is of no use. */
function keptOf({ tables }: World, entry: Readonly<ResourceRow>, found: readonly Thing[]): Thing | undefined {
  const known = found.find(({ id }) => id === entry.externalId);
  const key = equipmentKey(entry);
  if (!WITH_SECRET.has(key)) return known ?? found[0];
  return tables.instance(entry.instanceId).secretOf.has(key) ? known : undefined;
}

function* create(world: World, model: ProviderModel, entry: Readonly<ResourceRow>): Flow<Thing> {
  try {
    return yield* model.create(entry.name);
  } catch (error) {
    if (error instanceof PlatformError && error.code === "ambiguous") recordAmbiguous(world, entry.id);
    throw error;
  }
}

/** Id and one-time secret, in one transaction. */
function store(world: World, entry: Readonly<ResourceRow>, thing: Thing): boolean {
  const instance = world.tables.instance(entry.instanceId);
  if (!instance.hasDataKey || !recordActive(world, entry, thing.id)) return false;
  instance.secretOf.set(equipmentKey(entry), thing.id);
  return true;
}

/** Breaks the rule that a resource belongs to the instance it was made for. */
function takeOver(world: World, entry: Readonly<ResourceRow>): boolean {
  const used = [...modelOf(world, entry).things.values()].find(({ name }) =>
    world.tables.bindings.some(({ instanceId }) => name.endsWith(`-${instanceId}`)),
  );
  return used !== undefined && store(world, entry, used);
}

/** Deletes everything of the name, and reads back that nothing is left. */
export function* makeResourceAbsent(world: World, entry: Readonly<ResourceRow>): Flow<ResourceOutcome> {
  const model = modelOf(world, entry);
  const found = (yield* model.list(entry.name)).map(({ id }) => id);
  const known = entry.externalId === undefined ? [] : [entry.externalId];
  for (const id of new Set([...known, ...found])) yield* model.delete(id);
  if (world.rules.readsBack && (yield* model.list(entry.name)).length > 0)
    throw new PlatformError("transient");
  return { kind: "absent" };
}

function modelOf({ providers }: World, entry: Readonly<ResourceRow>): ProviderModel {
  const model = providers.get(equipmentKey(entry));
  if (!model) throw new Refused(`there is no provider of ${equipmentKey(entry)}`);
  return model;
}
