import type { TransitionTable } from "./transition-table.ts";

/**
 * waiting    in the queue of an empty pool
 * bound      an instance is bound and is being provisioned
 * pending    a join request has been sent; the inviter has not admitted the agent yet
 * live       the agent is in its conversation and answers
 * failed     ended with a problem code; its key may be used again
 * cancelled  ended by the caller; its key may be used again
 * ended      was live; its instance has exploded; its key may be used again
 */
export type ClaimState = "waiting" | "bound" | "pending" | "live" | "failed" | "cancelled" | "ended";

export const CLAIM_TRANSITIONS: TransitionTable<ClaimState> = {
  waiting: ["bound", "failed", "cancelled"],
  bound: ["waiting", "pending", "live", "failed", "cancelled", "ended"],
  pending: ["live", "failed", "cancelled", "ended"],
  live: ["ended"],
  failed: [],
  cancelled: [],
  ended: [],
};

/** While a claim is in one of these its idempotency key and its invite are taken. */
export const OPEN_CLAIM_STATES = [
  "waiting",
  "bound",
  "pending",
  "live",
] as const satisfies readonly ClaimState[];
