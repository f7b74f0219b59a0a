import type { TransitionTable } from "./transition-table.ts";

/**
 * provisioning  its resources are being made and its process launched
 * starting      the process runs; its `idle` report is awaited under a deadline
 * idle          proven ready, in the pool, may be bound
 * claimed       bound to a claim; never idle again
 * recovering    claimed, its process died and is being started again with the next epoch
 * quarantined   failed its claim; kept aside, exploded within 24 hours
 * exploding     doomed: its resources are being made absent
 * exploded      the tombstone
 */
export type InstanceState =
  | "provisioning"
  | "starting"
  | "idle"
  | "claimed"
  | "recovering"
  | "quarantined"
  | "exploding"
  | "exploded";

export const INSTANCE_TRANSITIONS: TransitionTable<InstanceState> = {
  provisioning: ["starting", "exploding"],
  starting: ["idle", "claimed", "exploding"],
  idle: ["claimed", "exploding"],
  claimed: ["recovering", "quarantined", "exploding"],
  recovering: ["claimed", "quarantined", "exploding"],
  quarantined: ["exploding"],
  exploding: ["exploded"],
  exploded: [],
};

/** How an instance is counted in `GET /api/pool/counts`; the final state is not counted. */
export const COUNTED_AS: Readonly<
  Record<
    Exclude<InstanceState, "exploded">,
    "provisioning" | "idle" | "claimed" | "quarantined" | "exploding"
  >
> = {
  provisioning: "provisioning",
  starting: "provisioning",
  idle: "idle",
  claimed: "claimed",
  recovering: "claimed",
  quarantined: "quarantined",
  exploding: "exploding",
};

/** Why an instance ended. Every end has one (I10). */
export const END_REASONS = [
  "exploded-by-member",
  "removed",
  "operator",
  "claim-cancelled",
  "claim-expired",
  "claim-failed",
  "never-ready",
  "idle-lost",
  "drained",
  "superseded",
] as const;
export type EndReason = (typeof END_REASONS)[number];
