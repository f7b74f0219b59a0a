import type { ErrorCode } from "../errors.ts";

/** What a try to serve a claim came to, as long as the claim is neither live nor over. */
export type OpenOutcome = "waiting" | "pending" | "recovering" | "replaced";

export interface ClaimFacts {
  outcome: OpenOutcome;
  /** Since the claim was taken in. */
  ageMs: number;
  /** Since its agent is being started again or replaced without anything else between; 0 on the first such look. */
  unservedMs: number;
  /** How many such looks there have been before this one. */
  unservedLooks: number;
}

export type ClaimAction = { do: "fail"; code: ErrorCode } | { do: "look"; afterMs: number };

const MINUTE_MS = 60_000;
/** How long a claim may wait for an agent, how long for its own to run again, and how long to be admitted. */
const WAITING_LIMIT_MS = 15 * MINUTE_MS;
const UNSERVED_LIMIT_MS = 30 * MINUTE_MS;
const PENDING_LIMIT_MS = 3 * 24 * 60 * MINUTE_MS;
/** A waiting claim is woken by the hand-over, a pending one by a report; these only cover a wake that was lost. */
const WAITING_LOOK_MS = 30_000;
const PENDING_LOOK_MS = 10 * MINUTE_MS;
const UNSERVED_LOOK_MS = { first: 5_000, longest: MINUTE_MS };
/** Another instance is tried at once, but not for ever. */
const LOOKS_AT_ONCE = 3;

/** Decides whether an open claim is given up, and when it is looked at again. No claim stays open for ever (I8). */
export function nextClaimAction({ outcome, ageMs, unservedMs, unservedLooks }: ClaimFacts): ClaimAction {
  switch (outcome) {
    case "waiting":
      if (ageMs > WAITING_LIMIT_MS) return { do: "fail", code: "claim-expired" };
      return { do: "look", afterMs: WAITING_LOOK_MS };
    case "pending":
      if (ageMs > PENDING_LIMIT_MS) return { do: "fail", code: "join-refused" };
      return { do: "look", afterMs: PENDING_LOOK_MS };
    case "recovering":
    case "replaced":
      if (unservedMs > UNSERVED_LIMIT_MS || ageMs > PENDING_LIMIT_MS)
        return { do: "fail", code: "claim-failed" };
      if (outcome === "replaced" && unservedLooks < LOOKS_AT_ONCE) return { do: "look", afterMs: 0 };
      return {
        do: "look",
        afterMs: Math.min(UNSERVED_LOOK_MS.first * 2 ** unservedLooks, UNSERVED_LOOK_MS.longest),
      };
  }
}
