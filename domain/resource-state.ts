import type { TransitionTable } from "./transition-table.ts";

/**
 * intended   the row is written, the provider has not been asked or has not answered
 * active     the provider has it and its id is stored
 * ambiguous  a create ended without a usable answer: it may exist; the settle window runs
 * releasing  it is being made absent
 * settled    it ended in an outcome
 */
export type ResourceState = "intended" | "active" | "ambiguous" | "releasing" | "settled";

export const RESOURCE_TRANSITIONS: TransitionTable<ResourceState> = {
  intended: ["active", "ambiguous", "releasing"],
  ambiguous: ["active", "ambiguous", "releasing"],
  active: ["releasing"],
  releasing: ["settled"],
  settled: [],
};

/** What became of a resource. `absent` was read back from the provider, never assumed. */
export type ResourceOutcome =
  | { kind: "absent" }
  | { kind: "pending-deletion"; until: string }
  | { kind: "revoked-retained"; balance: string }
  | { kind: "provider-retains"; what: string }
  | { kind: "abandoned"; reason: string };

/** The providers, as the ledger and the inventories name them. */
export const PROVIDERS = ["compute", "openrouter", "agentmail", "telnyx", "bankr"] as const;
export type Provider = (typeof PROVIDERS)[number];
