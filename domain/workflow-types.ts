/** The names under which the workflows are registered; a rename would orphan what is running. */
export const WORKFLOW_TYPES = {
  pool: "pool",
  instanceLifecycle: "instanceLifecycle",
  claim: "claim",
  explode: "explode",
  reconcile: "reconcile",
  audit: "audit",
  spend: "spend",
  leaks: "leaks",
  probes: "probes",
} as const;

/** The schedule that starts `reconcile`. */
export const RECONCILE_SCHEDULE = "reconcile";
/** The schedule that starts `spend`. */
export const SPEND_SCHEDULE = "spend";
/** The schedule that starts `leaks`. */
export const LEAKS_SCHEDULE = "leaks";
/** The schedule that starts `probes`. */
export const PROBES_SCHEDULE = "probes";
