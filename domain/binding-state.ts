import type { TransitionTable } from "./transition-table.ts";

/**
 * The row that ties one instance to one claim attempt. An instance has at most one, ever (I1);
 * a claim has at most one that is `active` (I2).
 */
export type BindingState = "active" | "abandoned" | "ended";

export const BINDING_TRANSITIONS: TransitionTable<BindingState> = {
  active: ["abandoned", "ended"],
  abandoned: [],
  ended: [],
};
