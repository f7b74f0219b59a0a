import { nextClaimAction } from "../steps/claim-step.ts";
import { nextLifecycleAction } from "../steps/lifecycle-step.ts";
import { planStarts } from "../steps/pool-plan.ts";
import { planRetirement } from "../steps/pool-retirement.ts";

/** What decides, and what the shells around it promise. A test breaks one of them and expects a breach to be found. */
export interface Rules {
  planStarts: typeof planStarts;
  planRetirement: typeof planRetirement;
  nextLifecycleAction: typeof nextLifecycleAction;
  nextClaimAction: typeof nextClaimAction;
  /** An instance is chosen and taken in one statement, under its row's lock. */
  bindsUnderLock: boolean;
  /** `bindings.instance_id` is a primary key. */
  bindsOnceBySql: boolean;
  /** Open claims have distinct keys and distinct invites. */
  opensOnceBySql: boolean;
  /** A claim whose join request may have left keeps its instance. */
  keepsInstanceOnceJoining: boolean;
  /** That, and whose claim it is, is checked in the transactions that note the join and that replace the instance. */
  joinsUnderLock: boolean;
  /** Counting and inserting are one transaction. */
  plansInOneTransaction: boolean;
  /** `instances_planned_below_limit`. */
  plansBelowLimitBySql: boolean;
  /** The intent is in the ledger before the provider is asked. */
  intendsFirst: boolean;
  /** A resource is settled as absent only after the provider was read again. */
  readsBack: boolean;
  /** The provider is looked at once more, after every create under way must have ended. */
  waitsForLateCreates: boolean;
  /** A process that is being started may come late as well. */
  waitsForLateLaunches: boolean;
  /** Only one attempt at a time makes a resource; a worker that is lost lets go. */
  makesOneAtATime: boolean;
  /** Reconcile starts the workflows of open claims. */
  reconcilesClaims: boolean;
  /** An end that is only for instances that nobody has checks that in its transaction. */
  endsOnlyUnclaimed: boolean;
  /** `instances_end_has_reason`, and every end names one. */
  endsWithReason: boolean;
  /** A resource belongs to the instance it was made for. */
  makesResourcesAnew: boolean;
}

export const RULES: Rules = {
  planStarts,
  planRetirement,
  nextLifecycleAction,
  nextClaimAction,
  bindsUnderLock: true,
  bindsOnceBySql: true,
  opensOnceBySql: true,
  keepsInstanceOnceJoining: true,
  joinsUnderLock: true,
  plansInOneTransaction: true,
  plansBelowLimitBySql: true,
  intendsFirst: true,
  readsBack: true,
  waitsForLateCreates: true,
  waitsForLateLaunches: true,
  makesOneAtATime: true,
  reconcilesClaims: true,
  endsOnlyUnclaimed: true,
  endsWithReason: true,
  makesResourcesAnew: true,
};
