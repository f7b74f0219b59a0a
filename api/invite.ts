import { inspectInvite } from "../agent/convos/invite/inspect.ts";
import { type ErrorCode, PlatformError } from "../domain/errors.ts";
import type { GatewayConfig } from "./config.ts";

const REFUSALS = {
  "not-an-invite": "invite-invalid",
  "bad-signature": "invite-invalid",
  "invite-expired": "invite-expired",
  "conversation-expired": "invite-expired",
  "foreign-network": "invite-foreign-network",
} as const satisfies Record<string, ErrorCode>;

/**
 * Checks an invite before anything is bound to it: its form, that a key signed it, its expiry, and its network where
 * the link tells it. Returns what identifies it independent of its spelling. Throws `invite-invalid`, `invite-expired`
 * or `invite-foreign-network`.
 */
export function verifyInvite(joinUrl: string, network: GatewayConfig["xmtpNetwork"], now: Date): string {
  const inspection = inspectInvite(joinUrl, { now, network });
  switch (inspection.outcome) {
    case "usable":
    case "own-invite":
      return inspection.invite.hash;
    default:
      throw new PlatformError(REFUSALS[inspection.outcome]);
  }
}
