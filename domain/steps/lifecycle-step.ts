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
  /** Starts of its process within the last hour. */
  recentStarts: number;
}

export type LifecycleAction =
  /** Make its resources, then launch the first epoch. */
  | { do: "provision" }
  /** Launch the epoch after `after` on its state. */
  | { do: "launch"; after: number }
  /** Wait for its report; when the deadline passes: `onDeadline`. */
  | { do: "await-ready"; onDeadline: "explode" | "relaunch" }
  /** It reported ready: prove it end to end, then let it in (`hand-over`) or back (`recovered`). */
  | { do: "prove"; next: "hand-over" | "recovered" }
  | { do: "rest" }
  | { do: "cool-down" }
  | { do: "explode"; reason: EndReason }
  | { do: "end" };

export interface LifecycleBounds {
  /** Starts within an hour after which a claimed instance waits before the next. */
  maxStartsPerHour: number;
}

/**
 * Decides what to do next from what is known, never from what was done before; so a lifecycle that was ended by
 * hand goes on from wherever it stands. A probe that fails or does not answer never ends a claimed instance (I9).
 */
export function nextLifecycleAction(facts: LifecycleFacts, bounds: LifecycleBounds): LifecycleAction {
  if (facts.desired === "absent" || facts.state === "exploding" || facts.state === "exploded")
    return { do: "end" };
  if (facts.reportedEnd) return { do: "explode", reason: facts.reportedEnd };
  const gone = facts.process === "exited" || facts.process === "absent";
  const ready = facts.epoch > 0 && facts.readyEpoch === facts.epoch;
  switch (facts.state) {
    case "provisioning":
      return { do: "provision" };
    case "starting":
      if (gone) return { do: "explode", reason: "never-ready" };
      return ready ? { do: "prove", next: "hand-over" } : { do: "await-ready", onDeadline: "explode" };
    case "idle":
      return gone ? { do: "explode", reason: "idle-lost" } : { do: "rest" };
    case "claimed":
      if (!gone) return { do: "rest" };
      return facts.recentStarts > bounds.maxStartsPerHour
        ? { do: "cool-down" }
        : { do: "launch", after: facts.epoch };
    case "recovering":
      if (gone) {
        return facts.recentStarts > bounds.maxStartsPerHour
          ? { do: "cool-down" }
          : { do: "launch", after: facts.epoch };
      }
      return ready ? { do: "prove", next: "recovered" } : { do: "await-ready", onDeadline: "relaunch" };
    case "quarantined":
      return { do: "rest" };
  }
}
