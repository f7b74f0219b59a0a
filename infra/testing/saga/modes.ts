/** How the first try of an activity goes wrong. */
export const MODES = ["fails", "fails-after", "twice", "at-once", "slow"] as const;
export type Mode = (typeof MODES)[number];

/** Every step of provisioning, claim and explode. */
export const SAGA_ACTIVITIES: ReadonlySet<string> = new Set([
  "observeInstance",
  "ensureResource",
  "launchInstance",
  "proveReady",
  "handOverInstance",
  "deliverClaim",
  "settleCredit",
  "explodeInstance",
  "fenceInstance",
  "revokeRights",
  "endAgent",
  "listLedger",
  "releaseResource",
  "sweepLate",
  "buryInstance",
]);
