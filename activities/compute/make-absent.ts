import type { InstanceId } from "../../domain/ids.ts";
import { beginRelease, listResources, settle } from "../registry/ledger.ts";
import type { Registry } from "../registry/registry.ts";
import type { ComputeDriver } from "./driver.ts";

/**
 * Makes the kinds absent, in the reverse of the order in which they are made, and writes down what became of each that
 * has no outcome yet: once what it hung on is gone, a provider has nothing more to tell of it. Only of what is doomed.
 */
export async function makeKindsAbsent(
  { registry, compute }: { registry: Registry; compute: ComputeDriver },
  id: InstanceId,
  kinds: readonly string[],
): Promise<void> {
  const entries = (await listResources(registry, id)).filter(({ provider }) => provider === "compute");
  for (const kind of kinds.toReversed()) {
    const entry = entries.find((one) => one.kind === kind);
    if (!entry) continue;
    await beginRelease(registry, entry.id);
    await settle(registry, entry.id, await compute.destroy(id, entry.name, kind));
  }
}
