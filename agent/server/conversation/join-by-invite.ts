import type { Group } from "@xmtp/node-sdk";
import type { ProvisionRefusal } from "../../../domain/agent-protocol.ts";
import {
  awaitAdmission,
  type Invite,
  type InviteNetwork,
  inspectInvite,
  type JoinErrorType,
  sendJoinRequest,
} from "../../convos/index.ts";
import type { Log } from "../log.ts";
import { retryUntilDone } from "../retry.ts";
import type { XmtpClient } from "../xmtp/open-client.ts";

/** One wait; then the next begins, for as long as the claim wants it. */
const WAIT_MS = 24 * 60 * 60_000;

export type JoinResult = { joined: Group<unknown> } | { refusal: ProvisionRefusal };

/** What can be known of an invite before using it: the invite, or why it cannot be used. */
export function checkInvite(
  text: string,
  network: InviteNetwork,
  ownInboxId: string,
): { invite: Invite } | { refusal: ProvisionRefusal } {
  const inspection = inspectInvite(text, { now: new Date(), network, ownInboxId });
  switch (inspection.outcome) {
    case "usable":
      return { invite: inspection.invite };
    case "invite-expired":
    case "conversation-expired":
      return { refusal: "invite-expired" };
    case "foreign-network":
      return { refusal: "invite-foreign-network" };
    default:
      return { refusal: "invite-invalid" };
  }
}

export interface JoinByInviteOptions {
  client: XmtpClient;
  invite: Invite;
  /** Names the request, so that it leaves once however often this is started. */
  claimId: string;
  agentName: string;
  /** The request has left in a former life. What the invite says of its expiry no longer matters then. */
  wasAsked: boolean;
  onAsked(): void;
  log: Log;
  signal: AbortSignal;
}

/** Asks once, then waits for as long as it takes. Undefined when `signal` aborted first. */
export async function joinByInvite(options: JoinByInviteOptions): Promise<JoinResult | undefined> {
  const { client, invite, claimId, agentName, log, signal } = options;
  let result: JoinResult | undefined;
  await retryUntilDone(
    "join-request",
    async () => {
      if (options.wasAsked) return;
      const profile = { name: agentName, memberKind: "agent" } as const;
      const sent = await sendJoinRequest(client, invite, profile, { idempotencyKey: `join/${claimId}` });
      if (sent.status === "already-joined") result = { joined: sent.group };
      else if (sent.status === "unusable") result = { refusal: refusalOfUnusable(sent.reason) };
      else options.onAsked();
    },
    log,
    signal,
  );
  while (result === undefined && !signal.aborted) {
    const admission = await awaitAdmission(client, invite, { timeoutMs: WAIT_MS, signal });
    if (admission.status === "joined") result = { joined: admission.group };
    else if (admission.status === "refused")
      result = { refusal: refusalOf(admission.errorType, admission.reason ?? "") };
  }
  return result;
}

const refusalOfUnusable = (reason: string): ProvisionRefusal =>
  reason === "invite-expired" || reason === "conversation-expired" ? "invite-expired" : "invite-invalid";

/** The inviter's reason is free text; it only helps to tell a full conversation from a locked one. */
function refusalOf(errorType: JoinErrorType, reason: string): ProvisionRefusal {
  if (errorType !== "generic_failure") return "invite-revoked";
  return /\bfull\b/i.test(reason) ? "conversation-full" : "conversation-locked";
}
