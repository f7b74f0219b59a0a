import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { ClaimState } from "../domain/claim-state.ts";
import type { ClaimId, InstanceId, PoolName } from "../domain/ids.ts";
import type { EndReason, InstanceState } from "../domain/instance-state.ts";
import type { RolloutStrategy } from "../domain/rollout.ts";

/** What each workflow is started with, and the messages it takes. Ids and codes only, never a text of a person. */
export interface PoolStart {
  pool: PoolName;
}
export interface LifecycleStart {
  instanceId: InstanceId;
}
export interface ClaimStart {
  claimId: ClaimId;
  /** When the claim was taken in, in ms since 1970; without it, the start of its workflow. */
  sinceMs?: number;
}
export interface ExplodeStart {
  instanceId: InstanceId;
  reason: EndReason;
}

/** `leaks`: the providers' inventories are looked through as well. */
export interface ReconcileStart {
  leaks: boolean;
}

/** Something changed for this workflow's subject in the registry: look again. Carries nothing. */
export const wake = defineSignal("wake");
/** The idle instance was asked and did not answer: ask it again, thoroughly. */
export const suspect = defineSignal("suspect");
/** The instance is to be absent: finish at once. */
export const doom = defineSignal("doom");

export interface TimelineStep {
  at: string;
  step: string;
}
export interface WorkflowState<State> {
  state: State;
  step: string;
  timeline: readonly TimelineStep[];
}
export const instanceStateQuery = defineQuery<WorkflowState<InstanceState | "unknown">>("state");
export const claimStateQuery = defineQuery<WorkflowState<ClaimState>>("state");
export const explodeStateQuery = defineQuery<WorkflowState<"running" | "done">>("state");
export const poolStateQuery = defineQuery<WorkflowState<"running" | "paused">>("state");

export const setTarget = defineUpdate<void, [target: number]>("setTarget");
export const pause = defineUpdate<void, [reason: string]>("pause");
export const resume = defineUpdate<void, []>("resume");
/** Starts `count` instances beyond the target. */
export const replenish = defineUpdate<void, [count: number]>("replenish");
/** Explodes up to `count` idle instances, the oldest first; answers their ids. */
export const drain = defineUpdate<InstanceId[], [count: number]>("drain");
/** At most so many starts of the pool's own within a minute. */
export const setRate = defineUpdate<void, [startsPerMinute: number]>("setRate");
/** Idle instances older than this are replaced, one at a time; 0 for never. */
export const setMaxAge = defineUpdate<void, [seconds: number]>("setMaxAge");
/** Starts instances of this generation from now on; rolling back is rolling out the one before. */
export const rollout = defineUpdate<void, [generation: string, strategy: RolloutStrategy]>("rollout");
/** Gives a resource up that its provider does not let go; the reason is kept in the ledger and the receipt. */
export const abandonResource = defineUpdate<void, [resourceId: string, reason: string]>("abandonResource");
