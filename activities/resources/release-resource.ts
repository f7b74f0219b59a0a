import { PlatformError } from "../../domain/errors.ts";
import type { ResourceOutcome } from "../../domain/resource-state.ts";
import type { LedgerEntry } from "../registry/ledger.ts";
import type { Registry } from "../registry/registry.ts";
import type { ResourceKind } from "./resource-kind.ts";
import { ownerOf } from "./resource-owner.ts";

/**
 * Makes everything absent that stands under the entry's name, also what an unanswered create made, and reads back that
 * nothing is left that its provider lets go. The outcome is that of the resource itself.
 */
export async function makeResourceAbsent(
  registry: Registry,
  kind: ResourceKind,
  entry: LedgerEntry,
): Promise<ResourceOutcome> {
  const owner = await ownerOf(registry, entry);
  const found = (await kind.find(owner)).map(({ externalId }) => externalId);
  const removed = new Map<string, ResourceOutcome>();
  for (const externalId of new Set([...(entry.externalId ? [entry.externalId] : []), ...found]))
    removed.set(externalId, await kind.remove(externalId, owner));
  for (const { externalId } of await kind.find(owner)) {
    const kept = removed.get(externalId);
    if (kept === undefined || kept.kind === "absent")
      throw new PlatformError("transient", { detail: `a removed ${kind.kind} is still listed` });
  }
  const own = entry.externalId === undefined ? undefined : removed.get(entry.externalId);
  return own ?? [...removed.values()].find((outcome) => outcome.kind !== "absent") ?? { kind: "absent" };
}
