import type { ClaimState } from "../../claim-state.ts";
import { RECONCILE_PERIOD_MS } from "../workflows/reconcile.ts";
import type { Check } from "./checker.ts";

const MINUTE_MS = 60_000;
/** The limits of the claim's own rules, with what faults may add to them. */
const LIMIT_MS: Readonly<Partial<Record<ClaimState, number>>> = {
  waiting: 22 * MINUTE_MS,
  bound: 45 * MINUTE_MS,
  pending: (3 * 24 * 60 + 30) * MINUTE_MS,
};
/** Rounds of Reconcile that may fail one after the other. */
const ROUNDS = 8;

/** I8 every claim ends or is visibly pending: somebody is in charge of it, and not for longer than its rules say. */
export const checkClaims: Check = (world, { unattendedMs }, report) => {
  for (const { id, state, stateSinceMs } of world.tables.claims.values()) {
    const limitMs = LIMIT_MS[state];
    if (limitMs === undefined) continue;
    const workflow = world.workflows.get(`claim/${id}`);
    if (workflow && !workflow.isOver) {
      unattendedMs.delete(id);
      // A workflow that was terminated counts from its new start.
      const sinceMs = Math.max(stateSinceMs, workflow.startedMs);
      if (world.nowMs - sinceMs > limitMs) report("I8", id, `it is ${state} for longer than its rules allow`);
      continue;
    }
    const sinceMs = unattendedMs.get(id) ?? world.nowMs;
    unattendedMs.set(id, sinceMs);
    if (world.nowMs - sinceMs > ROUNDS * world.periodMs(RECONCILE_PERIOD_MS))
      report("I8", id, `it is ${state} and nobody is in charge of it`);
  }
};
