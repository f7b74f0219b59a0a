import { PlatformError } from "../../domain/errors.ts";
import type { InstanceId } from "../../domain/ids.ts";
import { intend, type LedgerEntry, recordActive, recordAmbiguous } from "../registry/ledger.ts";
import type { Registry } from "../registry/registry.ts";
import { readSecret, storeSecret } from "../registry/secrets.ts";
import { oneRun } from "./one-run.ts";
import type { Created, Found, ResourceKind, ResourceOwner } from "./resource-kind.ts";
import { ownerOf } from "./resource-owner.ts";

/**
 * Ends with exactly one resource of this kind for the instance: written down before it is made, looked for by its name
 * before it is made again, its one-time secret stored together with its id. Throws `instance-doomed` behind the fence,
 * `transient` while another run of the same goes on, and what the kind throws.
 */
export async function ensureResource(registry: Registry, kind: ResourceKind, id: InstanceId): Promise<void> {
  await oneRun(registry, `${id} ${kind.provider}/${kind.kind}`, () => ensure(registry, kind, id));
}

async function ensure(registry: Registry, kind: ResourceKind, id: InstanceId): Promise<void> {
  const entry = await intend(registry, id, kind.provider, kind.kind);
  const owner = await ownerOf(registry, entry);
  const kept = await keepOne(registry, kind, entry, owner);
  if (kept) {
    await kind.verify?.(kept.externalId, owner);
    if (!(await recordActive(registry.db, entry.id, kept.externalId))) throw doomed(id);
    return;
  }
  assertAbsent(kind, entry);

  // The look-up may have taken long: nothing is made behind a fence that came meanwhile.
  await intend(registry, id, kind.provider, kind.kind);
  const created = await create(registry, kind, entry, owner);
  if (!(await store(registry, kind, entry, created))) {
    // Nobody would find it: its secret is nowhere, and its row may be settled already.
    await kind.remove(created.externalId, owner);
    await intend(registry, id, kind.provider, kind.kind);
    throw new PlatformError("transient", { detail: `another run has made the ${kind.kind} meanwhile` });
  }
  if (kind.settleMs > 0) return;
  const isListed = (await kind.find(owner)).some(({ externalId }) => externalId === created.externalId);
  if (!isListed) throw new PlatformError("transient", { detail: `the new ${kind.kind} cannot be read yet` });
}

/** The one to go on with, if there is one; whatever else stands under the name, or has lost its secret, is removed. */
async function keepOne(
  registry: Registry,
  kind: ResourceKind,
  entry: LedgerEntry,
  owner: ResourceOwner,
): Promise<Found | undefined> {
  const found = await kind.find(owner);
  const isSecretHeld =
    kind.secret !== undefined && (await readSecret(registry, entry.instanceId, kind.secret)) !== undefined;
  const known = found.find(({ externalId }) => externalId === entry.externalId);
  const kept = kind.secret === undefined ? (known ?? found[0]) : isSecretHeld ? known : undefined;
  for (const other of found) if (other !== kept) await kind.remove(other.externalId, owner);
  return kept;
}

/** Not being listed proves nothing while the provider's reads lag behind. */
function assertAbsent(kind: ResourceKind, entry: LedgerEntry): void {
  const since = entry.state === "active" ? entry.stateSince : entry.ambiguousSince;
  const remainingMs = since === undefined ? 0 : since.getTime() + kind.settleMs - Date.now();
  if (remainingMs > 0) {
    const detail = `whether the ${kind.kind} exists is not known yet`;
    throw new PlatformError("transient", { detail, retryAfterMs: remainingMs });
  }
  if (entry.state === "active")
    throw new PlatformError("invalid", { detail: `the ${kind.kind} of ${entry.instanceId} was lost` });
}

async function create(
  registry: Registry,
  kind: ResourceKind,
  entry: LedgerEntry,
  owner: ResourceOwner,
): Promise<Created> {
  try {
    return await kind.create(owner);
  } catch (error) {
    if (error instanceof PlatformError && error.code === "ambiguous")
      await recordAmbiguous(registry, entry.id, "ambiguous");
    throw error;
  }
}

/**
 * False when it is not to be kept: it came without its secret, behind the fence, or after the one of another run. An
 * error of the database leaves it where the next run finds it, as its row may have been written all the same.
 */
async function store(
  registry: Registry,
  kind: ResourceKind,
  { id, instanceId }: LedgerEntry,
  { externalId, secret }: Created,
): Promise<boolean> {
  if (kind.secret !== undefined && secret === undefined) return false;
  const { secret: secretKind } = kind;
  return registry.db.transaction().execute(async (tx) => {
    if (!(await recordActive(tx, id, externalId))) return false;
    // After the row, which only one run can take: the secret of another would be of no use with it.
    if (secretKind !== undefined && secret !== undefined)
      await storeSecret(registry, tx, instanceId, secretKind, secret);
    return true;
  });
}

const doomed = (id: InstanceId): PlatformError =>
  new PlatformError("instance-doomed", { detail: `instance ${id}` });
