import { condition, setHandler, workflowInfo } from "@temporalio/workflow";
import type { ClaimState } from "../domain/claim-state.ts";
import { claims } from "./activities.ts";
import { type ClaimStart, claimStateQuery, wake } from "./messages.ts";
import { Track } from "./track.ts";

/** How long a claim may wait for an agent, and how long an inviter has to admit one. */
const WAITING_LIMIT_MS = 15 * 60_000;
const PENDING_LIMIT_MS = 3 * 24 * 60 * 60_000;
/** A waiting claim is woken by the hand-over; this only covers a wake that was lost. */
const WAITING_LOOK = "30s";
const PENDING_LOOK = "10m";
const RECOVERING_LOOK = "5s";

/** Serves one claim: until it is live, or has ended with a reason. */
export async function claim({ claimId }: ClaimStart): Promise<ClaimState> {
  const track = new Track<ClaimState>(`Claim ${claimId}`, "bound");
  let wakes = 0;
  setHandler(wake, () => {
    wakes += 1;
  });
  setHandler(claimStateQuery, () => track.view);

  while (true) {
    const seen = wakes;
    const step = await claims.deliverClaim(claimId);
    const woken = () => wakes > seen;
    switch (step.outcome) {
      case "settled":
        track.enter("done", step.state);
        return step.state;
      case "replaced":
        track.enter("its agent was replaced", "bound");
        break;
      case "recovering":
        track.enter("its agent is being started again", "bound");
        await condition(woken, RECOVERING_LOOK);
        break;
      case "waiting":
        track.enter("waiting for an agent", "waiting");
        if (ageMs() > WAITING_LIMIT_MS) await claims.failClaim(claimId, "claim-expired");
        else await condition(woken, WAITING_LOOK);
        break;
      case "pending":
        track.enter("waiting to be admitted", "pending");
        if (ageMs() > PENDING_LIMIT_MS) await claims.failClaim(claimId, "join-refused");
        else await condition(woken, PENDING_LOOK);
        break;
    }
  }
}

const ageMs = (): number => Date.now() - workflowInfo().startTime.getTime();
