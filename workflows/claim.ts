import { condition, continueAsNew, setHandler, workflowInfo } from "@temporalio/workflow";
import type { DeliveryStep } from "../activities/claim-activities.ts";
import type { ClaimState } from "../domain/claim-state.ts";
import { nextClaimAction, type OpenOutcome } from "../domain/steps/claim-step.ts";
import { claims } from "./activities.ts";
import { type ClaimStart, claimStateQuery, wake } from "./messages.ts";
import { ClaimListing } from "./search-attributes.ts";
import { Track } from "./track.ts";

const NEXT_LOOK = { summary: "next look, unless woken" };
const STEPS: Readonly<Record<OpenOutcome, string>> = {
  waiting: "waiting for an agent",
  pending: "waiting to be admitted",
  recovering: "its agent is being started again",
  replaced: "its agent was replaced",
};

/** Serves one claim: until it is live, or has ended with a reason. */
export async function claim(start: ClaimStart): Promise<ClaimState> {
  const { claimId, sinceMs = workflowInfo().startTime.getTime() } = start;
  const track = new Track<ClaimState>(`Claim ${claimId}`, "bound");
  const listing = new ClaimListing();
  let wakes = 0;
  setHandler(wake, () => {
    wakes += 1;
  });
  setHandler(claimStateQuery, () => track.view);

  let unserved: { sinceMs: number; looks: number } | undefined;
  while (true) {
    const seen = wakes;
    const step = await claims.deliverClaim(claimId);
    const state = stateAfter(step);
    listing.show(state);
    if (step.outcome === "settled") {
      track.enter(state === "live" ? "handed over" : "over", state);
      return state;
    }
    track.enter(STEPS[step.outcome], state);
    const now = Date.now();
    if (step.outcome === "waiting" || step.outcome === "pending") unserved = undefined;
    else unserved = { sinceMs: unserved?.sinceMs ?? now, looks: unserved ? unserved.looks + 1 : 0 };
    const action = nextClaimAction({
      outcome: step.outcome,
      ageMs: now - sinceMs,
      unservedMs: now - (unserved?.sinceMs ?? now),
      unservedLooks: unserved?.looks ?? 0,
    });
    if (action.do === "fail") await claims.failClaim(claimId, action.code);
    else if (action.afterMs > 0) await condition(() => wakes > seen, action.afterMs, NEXT_LOOK);
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof claim>({ claimId, sinceMs });
  }
}

function stateAfter(step: DeliveryStep): ClaimState {
  switch (step.outcome) {
    case "settled":
      return step.state;
    case "waiting":
    case "pending":
      return step.outcome;
    case "replaced":
    case "recovering":
      return "bound";
  }
}
