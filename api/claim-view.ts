import type { ClaimView } from "../activities/registry/claims.ts";
import { PlatformError } from "../domain/errors.ts";
import type { ClaimStatus, DeliveredClaim } from "./schemas/claim.ts";

/** The answer of a claim that has its agent, or undefined while it has none yet. Throws the problem it ended with. */
export function deliveredClaim(claim: ClaimView): DeliveredClaim | undefined {
  switch (claim.state) {
    case "waiting":
    case "bound":
      return undefined;
    case "failed":
      throw new PlatformError(claim.failureCode ?? "claim-failed", { detail: `claim ${claim.id}` });
    case "cancelled":
      throw new PlatformError("cancelled", { detail: `claim ${claim.id}` });
    case "ended":
      throw new PlatformError("gone", { detail: `claim ${claim.id}` });
    case "pending":
    case "live": {
      const { id, instanceId, result, state } = claim;
      // Its instance is gone, and Reconcile has not seen yet that the claim is over with it.
      if (!instanceId || !result) throw new PlatformError("gone", { detail: `claim ${id}` });
      return { claimId: id, instanceId, status: state, ...result };
    }
  }
}

export function claimStatus(claim: ClaimView): ClaimStatus {
  return {
    claimId: claim.id,
    status: claim.state,
    attempt: claim.attempt,
    createdAt: claim.createdAt.toISOString(),
    ...(claim.failureCode === undefined ? {} : { failure: claim.failureCode }),
    ...(claim.instanceId === undefined ? {} : { instanceId: claim.instanceId }),
    ...claim.result,
  };
}
