import { inspectInvite } from "../agent/convos/invite/inspect.ts";
import { type ErrorCode, PlatformError } from "../domain/errors.ts";
import type { GatewayConfig } from "./config.ts";

const REFUSALS = {
  "not-an-invite": "invite-invalid",
  "bad-signature": "invite-invalid",
  "foreign-network": "invite-foreign-network",
} as const satisfies Record<string, ErrorCode>;

export interface VerifiedInvite {
  /** Independent of the invite's spelling. */
  readonly identity: string;
  /** The invite or its conversation is over: nothing new may be bound to it. */
  readonly isExpired: boolean;
}

/**
 * Checks an invite before anything is bound to it: its form, that a key signed it, its expiry, and its network where
 * the link tells it. Throws `invite-invalid` or `invite-foreign-network`.
 */
export function verifyInvite(
  joinUrl: string,
  network: GatewayConfig["xmtpNetwork"],
  now: Date,
): VerifiedInvite {
  const inspection = inspectInvite(joinUrl, { now, network });
  switch (inspection.outcome) {
    case "usable":
    case "own-invite":
      return { identity: inspection.invite.hash, isExpired: false };
    case "invite-expired":
    case "conversation-expired":
      return { identity: inspection.invite.hash, isExpired: true };
    default:
      throw new PlatformError(REFUSALS[inspection.outcome]);
  }
}

/**
 * Checks what an agent gives as an invite to its own conversation, before anybody is shown it: that it can be used now, on
 * our network, and that it is that inbox's. Throws `unavailable`.
 */
export function verifyAgentsInvite(
  inviteUrl: string,
  of: { network: GatewayConfig["xmtpNetwork"]; inboxId: string | undefined; now: Date },
): void {
  const inspection = inspectInvite(inviteUrl, of);
  if (inspection.outcome !== "usable" || inspection.invite.creatorInboxId !== of.inboxId)
    throw new PlatformError("unavailable", { detail: "the agent's answer is no invite of its own" });
}
