import type { ResourceOutcome, ResourceState } from "./resource-state.ts";

/**
 * late       it was made absent and is there: a create came late
 * duplicate  another one of this name is the instance's
 * unknown    the ledger has never heard of the name: it may be anybody's, so it is only shown
 */
export type LeakVerdict = "late" | "duplicate" | "unknown";

export interface LedgerRow {
  externalId: string | undefined;
  state: ResourceState;
  outcome: ResourceOutcome | undefined;
}

/** Longer than anything may take to be provisioned: what is younger may be on its way into the ledger. */
export const LEAK_MIN_AGE_MS = 30 * 60_000;
/** More of them than this share of all that was seen points to a fault of ours: then nothing is removed. */
export const LEAK_MAX_SHARE = 0.2;

/** What an item of a provider's inventory is that stands under a name of this environment; undefined when it is in order. */
export function judgeItem(externalId: string, row: LedgerRow | undefined): LeakVerdict | undefined {
  if (!row) return "unknown";
  if (row.externalId === externalId) {
    return row.state === "settled" && row.outcome?.kind === "absent" ? "late" : undefined;
  }
  if (row.state === "active") return "duplicate";
  return row.state === "settled" && row.outcome?.kind === "absent" ? "late" : undefined;
}

/** Only what the ledger proves to be ours is removed, when it was seen before and is old enough. */
export function mayRemove(
  verdict: LeakVerdict,
  seen: { isSeenAgain: boolean; ageMs: number; share: number },
): boolean {
  return (
    verdict !== "unknown" && seen.isSeenAgain && seen.ageMs >= LEAK_MIN_AGE_MS && seen.share <= LEAK_MAX_SHARE
  );
}
