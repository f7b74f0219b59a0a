import type { AuditedInvariant } from "../audit.ts";
import { nextClaimAction } from "../steps/claim-step.ts";
import { nextLifecycleAction } from "../steps/lifecycle-step.ts";
import { planStarts } from "../steps/pool-plan.ts";
import { RULES, type Rules } from "./rules.ts";

export interface Plant {
  name: string;
  /** What has to be found. */
  breaks: AuditedInvariant;
  rules: Rules;
}

const plant = (breaks: AuditedInvariant, name: string, rules: Partial<Rules>): Plant => ({
  name,
  breaks,
  rules: { ...RULES, ...rules },
});

/** Rules that are broken on purpose: the checker has to find each of them. */
export const PLANTS: readonly Plant[] = [
  plant("I1", "binds without a lock and without its primary key", {
    bindsUnderLock: false,
    bindsOnceBySql: false,
  }),
  plant("I2", "opens a second claim of the same key or invite", { opensOnceBySql: false }),
  plant("I2", "replaces an instance whose join request may have left", { keepsInstanceOnceJoining: false }),
  plant("I2", "notes a join and replaces an instance by what it read before", { joinsUnderLock: false }),
  plant("I3", "plans without a limit", {
    planStarts: (facts) => ({ ...planStarts(facts), own: facts.target + facts.surge + facts.waiting + 1 }),
    plansBelowLimitBySql: false,
  }),
  plant("I3", "counts in one transaction and starts in another", {
    plansInOneTransaction: false,
    plansBelowLimitBySql: false,
  }),
  plant("I4", "asks the provider before it writes the intent down", { intendsFirst: false }),
  plant("I4", "settles a resource without reading it back", { readsBack: false }),
  plant("I4", "does not wait for creates that come late", { waitsForLateCreates: false }),
  plant("I4", "does not wait for a launch that is under way", { waitsForLateLaunches: false }),
  plant("I4", "makes one resource in two attempts at once", { makesOneAtATime: false }),
  plant("I8", "never gives a waiting claim up", {
    nextClaimAction: (facts) =>
      facts.outcome === "waiting" ? { do: "look", afterMs: 30_000 } : nextClaimAction(facts),
  }),
  plant("I8", "does not put claims back to work", { reconcilesClaims: false }),
  plant("I9", "ends a claimed instance whose process died", {
    nextLifecycleAction: (facts, bounds) =>
      facts.state === "claimed" && facts.process === "exited"
        ? { do: "explode", reason: "operator" }
        : nextLifecycleAction(facts, bounds),
  }),
  plant("I9", "ends as idle what a claim has taken meanwhile", { endsOnlyUnclaimed: false }),
  plant("I10", "ends without a reason", { endsWithReason: false }),
  plant("I12", "gives a used resource to a successor", { makesResourcesAnew: false }),
];
