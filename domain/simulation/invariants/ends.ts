import type { EndReason } from "../../instance-state.ts";
import type { Check } from "./checker.ts";

/** Ends of what nobody has. */
const UNCLAIMED: readonly EndReason[] = ["idle-lost", "never-ready", "drained", "superseded"];
/** Ends that somebody has to have asked for. */
const ASKED_FOR: readonly EndReason[] = ["operator", "exploded-by-member", "removed"];

/**
 * I9 a claimed agent is never ended by a schedule or a probe: its reason is one that a person, its agent or its claim
 * gave, and really gave. I10 every end has a reason, which stays.
 */
export const checkEnds: Check = ({ tables, causes }, { reasonOf }, report) => {
  for (const { id, state, desired, endReason } of tables.instances.values()) {
    const isEnding = desired === "absent" || state === "exploding" || state === "exploded";
    if (!isEnding) continue;
    if (endReason === undefined) {
      report("I10", id, "it ends without a reason");
      continue;
    }
    const before = reasonOf.get(id);
    if (before === endReason) continue;
    if (before !== undefined) report("I10", id, `it ended by ${before}, now by ${endReason}`);
    reasonOf.set(id, endReason);
    const wasClaimed = tables.bindings.some(({ instanceId }) => instanceId === id);
    if (wasClaimed && UNCLAIMED.includes(endReason))
      report("I9", id, `it is claimed and ends by ${endReason}`);
    if (ASKED_FOR.includes(endReason) && !causes.has(`${id}/${endReason}`))
      report("I9", id, `it ends by ${endReason}, which nobody asked for`);
  }
  for (const { id, state, failureCode } of tables.claims.values()) {
    if (state === "failed" && failureCode === undefined) report("I10", id, "it failed without a reason");
  }
};
