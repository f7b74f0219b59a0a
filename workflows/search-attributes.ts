import { upsertSearchAttributes } from "@temporalio/workflow";
import type { InstanceStanding } from "../activities/lifecycle-activities.ts";
import type { ClaimState } from "../domain/claim-state.ts";

/** Lets operators list instances by where they stand. Nothing is written while nothing has changed. */
export class InstanceListing {
  #shown = "";

  show({ state, stateSince, pool, claimId }: InstanceStanding): void {
    const now = `${state} ${stateSince} ${claimId}`;
    if (now === this.#shown) return;
    this.#shown = now;
    upsertSearchAttributes({
      PoolName: [pool],
      InstanceState: [state],
      StateSince: [new Date(stateSince)],
      ...(claimId === null ? {} : { ClaimId: [claimId] }),
    });
  }

  /** What comes now is told by the Explode of the instance. */
  end(): void {
    upsertSearchAttributes({ InstanceState: ["exploding"], StateSince: [new Date()] });
  }
}

/** Lets operators list the claims that wait for something. One that is served at once writes nothing, for speed. */
export class ClaimListing {
  #shown: ClaimState | undefined;

  show(state: ClaimState): void {
    const isWorthIt = state === "waiting" || state === "pending" || this.#shown !== undefined;
    if (!isWorthIt || state === this.#shown) return;
    this.#shown = state;
    upsertSearchAttributes({ ClaimState: [state], StateSince: [new Date()] });
  }
}
