import type { AgentAttestation } from "../../../domain/attestation.ts";
import type { RenewAttestation } from "../attestation-client.ts";
import { errorName, type Log } from "../log.ts";
import type { ClaimStore } from "../state/claim-record.ts";

const HOUR_MS = 60 * 60_000;
/** Clients take an attestation for 24 hours. From the half of them on there is an attempt at a newer one. */
const RENEW_AFTER_MS = 12 * HOUR_MS;
/** One that is shown still has to last until whoever is let in has read it. */
const USELESS_AFTER_MS = 23 * HOUR_MS;

export interface VerificationOptions {
  claim: ClaimStore;
  renew: RenewAttestation;
  log: Log;
  signal: AbortSignal;
  now?: () => number;
}

/**
 * Keeps what shows the agent as verified. The returned function gives what the profile should carry now: what came with
 * the claim, or a newer one where that is half a day old; undefined without one, and rather than one that no client
 * would take. Never rejects: an agent that is not verified can still be talked to.
 */
export function createVerification(
  options: VerificationOptions,
): () => Promise<AgentAttestation | undefined> {
  const { claim, renew, log, signal, now = Date.now } = options;
  return async () => {
    const held = claim.read()?.content.attestation;
    if (held === undefined) return undefined;
    const ageMs = now() - Date.parse(held.timestamp);
    if (ageMs < RENEW_AFTER_MS) return held;
    try {
      const renewed = await renew(held, signal);
      if (renewed !== undefined) {
        claim.attest(renewed);
        return renewed;
      }
      log("attestation-not-renewed", { refused: true });
    } catch (error) {
      log("attestation-not-renewed", { refused: false, error: errorName(error) });
    }
    return ageMs < USELESS_AFTER_MS ? held : undefined;
  };
}
