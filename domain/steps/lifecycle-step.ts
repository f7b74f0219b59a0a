import type { EndReason, InstanceState } from "../instance-state.ts";

/** What is known of an instance at one moment. `process: "unknown"` means that nobody could say. */
export interface LifecycleFacts {
  state: InstanceState;
  desired: "present" | "absent";
  epoch: number;
  /** The last epoch whose agent reported itself ready. */
  readyEpoch: number;
  process: "running" | "exited" | "absent" | "unknown";
  /** What the agent has said about its own end, if anything. */
  reportedEnd: EndReason | undefined;
  /** Until the end that its people have set, if any; below 0 when it has passed. */
  expiresInMs: number | undefined;
  /** Starts of its process within the last hour. */
  recentStarts: number;
  /** Since its process was started last, or since it came into its state, whichever is later. */
  startedMsAgo: number;
  /** The last epoch whose agent reported that it cannot go on by itself; 0 for none. */
  faultedEpoch: number;
  /** The last epoch that reported itself ready and then did not prove it, as far as is known; 0 for none. */
  unprovenEpoch: number;
  /** It was asked while idle and did not answer. */
  suspected: boolean;
  /** Some of its equipment is to be made now. */
  lacking: boolean;
  /** Its key may not spend what it was granted. */
  creditDue: boolean;
}

export type LifecycleAction =
  /** Make its resources, then launch the first epoch. */
  | { do: "provision" }
  /** Launch the epoch after `after` on its state. */
  | { do: "launch"; after: number }
  /** Wait for its report until the deadline, `remainingMs` from now. */
  | { do: "await-ready"; remainingMs: number }
  /** It reported ready: prove it end to end, then let it in (`hand-over`) or back (`recovered`). */
  | { do: "prove"; next: "hand-over" | "recovered" }
  /** Ask it again, for as long as a busy machine may take. */
  | { do: "probe" }
  /** Make what it lacks of its equipment. */
  | { do: "equip" }
  /** Grant what is due, and let its key spend what it was granted. */
  | { do: "credit" }
  | { do: "rest" }
  | { do: "cool-down" }
  | { do: "explode"; reason: EndReason }
  | { do: "end" };

export interface LifecycleBounds {
  /** Starts within an hour after which a claimed instance waits before the next. */
  maxStartsPerHour: number;
  /** How long a started agent may take to report itself ready. */
  readyDeadlineMs: number;
  /** How long after the end that its people have set a living agent has to end by itself. */
  expiryGraceMs: number;
}

/**
 * Decides what to do next from what is known, never from what was done before; so a lifecycle that was ended by
 * hand goes on from wherever it stands. A probe that fails or does not answer never ends a claimed instance (I9).
 */
export function nextLifecycleAction(facts: LifecycleFacts, bounds: LifecycleBounds): LifecycleAction {
  if (facts.desired === "absent" || facts.state === "exploding" || facts.state === "exploded")
    return { do: "end" };
  if (facts.reportedEnd) return { do: "explode", reason: facts.reportedEnd };
  if (facts.expiresInMs !== undefined && facts.expiresInMs + bounds.expiryGraceMs <= 0)
    return { do: "explode", reason: "exploded-by-member" };
  const gone = facts.process === "exited" || facts.process === "absent";
  const failed = gone || (facts.epoch > 0 && facts.faultedEpoch === facts.epoch);
  const ready = facts.epoch > 0 && facts.readyEpoch === facts.epoch;
  const remainingMs = bounds.readyDeadlineMs - facts.startedMsAgo;
  const overdue = remainingMs <= 0;
  const restart: LifecycleAction =
    facts.recentStarts > bounds.maxStartsPerHour ? { do: "cool-down" } : { do: "launch", after: facts.epoch };
  const rest: LifecycleAction = facts.lacking ? { do: "equip" } : { do: "rest" };
  switch (facts.state) {
    case "provisioning":
      return { do: "provision" };
    case "starting":
      if (failed) return { do: "explode", reason: "never-ready" };
      if (ready) return { do: "prove", next: "hand-over" };
      return overdue ? { do: "explode", reason: "never-ready" } : { do: "await-ready", remainingMs };
    case "idle":
      if (failed) return { do: "explode", reason: "idle-lost" };
      return facts.suspected ? { do: "probe" } : rest;
    case "claimed":
      return failed ? restart : facts.creditDue ? { do: "credit" } : rest;
    case "recovering": {
      if (failed) return restart;
      const unproven = overdue && facts.unprovenEpoch === facts.epoch;
      if (ready && !unproven) return { do: "prove", next: "recovered" };
      return overdue ? restart : { do: "await-ready", remainingMs };
    }
    case "quarantined":
      return { do: "rest" };
  }
}
