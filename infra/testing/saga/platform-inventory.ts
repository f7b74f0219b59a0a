import { listResources } from "../../../activities/registry/ledger.ts";
import { equipmentKey } from "../../../domain/equipment.ts";
import { type InstanceId, resourceName } from "../../../domain/ids.ts";
import type { TestPlatform } from "../platform.ts";
import type { Doubles } from "./doubles.ts";
import { SUBJECTS } from "./subjects.ts";

/** What an instance has, as `provider/kind`, side by side: at the providers themselves and in the ledger. */
export interface Holdings {
  providers: Readonly<Record<string, string[]>>;
  ledger: Readonly<Record<string, string[]>>;
}

/**
 * Everything that the doubles have under the instance's name, and what the ledger says that they have: what is active,
 * and what a provider has kept. The agent's process is not among it.
 */
export async function holdings(platform: TestPlatform, id: InstanceId): Promise<Holdings> {
  const name = resourceName("cv", "test", id);
  const ledger = new Map<string, string[]>();
  for (const entry of await listResources(platform.registry, id)) {
    const isThere = entry.state === "active" || entry.outcome?.kind === "revoked-retained";
    ledger.set(equipmentKey(entry), isThere ? [entry.externalId ?? "none"] : []);
  }
  const kinds = SUBJECTS.map((subject) => ({ subject, key: equipmentKey(subject) }));
  return {
    providers: Object.fromEntries(
      kinds.map(({ subject, key }) => [key, subject.present(doublesOf(platform), name)]),
    ),
    ledger: Object.fromEntries(kinds.map(({ key }) => [key, ledger.get(key) ?? []])),
  };
}

export function doublesOf({ openrouter, equipment }: TestPlatform): Doubles {
  if (!equipment) throw new Error("this platform was started without allProviders");
  return { openrouter, ...equipment };
}
