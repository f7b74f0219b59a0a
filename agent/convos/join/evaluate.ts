import type { JoinErrorType } from "../content-types/invite-join-error.ts";
import { verifyInviteAsInviter } from "../invite/inspect.ts";
import { type Invite, parseInvite } from "../invite/invite.ts";
import type { AdmissionRight } from "./add-member.ts";

/** The Convos app shows and keeps no larger conversation; XMTP itself allows 250. */
export const MEMBERS_MAX = 150;

/** What the inviter knows of the group that an invite leads to. */
export interface JoinTarget {
  readonly kind: "group" | "dm";
  /** Our consent on it is Denied: we deleted or exploded it. */
  readonly isDenied: boolean;
  /** False once we have been removed. */
  readonly isActive: boolean;
  /** Whether we may add members at all. */
  readonly right: AdmissionRight;
  /** The current invite tag; empty when it cannot be read. */
  readonly tag: string;
  readonly memberInboxIds: readonly string[];
}

export type JoinDecision =
  /** Add nobody, send nothing. */
  | {
      readonly action: "ignore";
      readonly reason:
        | "not-a-slug"
        | "already-handled"
        | "invite-expired"
        | "other-inviter"
        | "unreadable-token";
    }
  /** Not signed by our key: deny the DM, send nothing. */
  | { readonly action: "block"; readonly invite: Invite }
  /** Add nobody and say why. */
  | {
      readonly action: "refuse";
      readonly invite: Invite;
      readonly errorType: JoinErrorType;
      readonly reason: string;
    }
  /** The sender is a member: send the marker and the profile snapshot again. */
  | { readonly action: "confirm"; readonly invite: Invite; readonly groupId: string }
  | { readonly action: "admit"; readonly invite: Invite; readonly groupId: string };

export interface EvaluateJoinRequestInput {
  /** The text that claims to be an invite. */
  readonly slug: string;
  readonly senderInboxId: string;
  readonly inviter: { readonly inboxId: string; readonly privateKey: Uint8Array };
  readonly now: Date;
  /** Whether this request, for this invite, has been dealt with before. */
  isHandled(invite: Invite): boolean | Promise<boolean>;
  /** Whether a single-use invite has admitted somebody. */
  isInviteUsed(invite: Invite): boolean | Promise<boolean>;
  /** Looks the group up, after a sync if need be. Undefined when we do not know it. */
  findTarget(groupId: string): Promise<JoinTarget | undefined>;
}

/**
 * Decides on a join request. The order of the checks is part of the protocol: nothing is answered before the signature
 * has proved that the invite is ours, so that forged invites cannot be used to make us talk. Changes nothing.
 */
export async function evaluateJoinRequest(input: EvaluateJoinRequestInput): Promise<JoinDecision> {
  const parsed = parseInvite(input.slug);
  if (!parsed.ok) return { action: "ignore", reason: "not-a-slug" };
  const { invite } = parsed;
  if (await input.isHandled(invite)) return { action: "ignore", reason: "already-handled" };
  const verification = verifyInviteAsInviter(invite, { ...input.inviter, now: input.now });
  if (verification.outcome === "ignore") return { action: "ignore", reason: verification.reason };
  if (verification.outcome === "forged") return { action: "block", invite };
  const refuse = (errorType: JoinErrorType, reason: string): JoinDecision => ({
    action: "refuse",
    invite,
    errorType,
    reason,
  });
  if (verification.outcome === "conversation-expired")
    return refuse("conversation_expired", "conversation expired");
  const { groupId } = verification;

  const target = await input.findTarget(groupId);
  if (target === undefined) return refuse("conversation_not_found", "conversation not found");
  if (target.isDenied) return refuse("consent_not_allowed", "the inviter left the conversation");
  if (target.kind === "dm") return refuse("generic_failure", "not a group");
  if (!target.isActive) return refuse("conversation_not_found", "the inviter is no longer a member");
  if (target.memberInboxIds.includes(input.senderInboxId)) return { action: "confirm", invite, groupId };
  if (target.tag !== invite.tag) return refuse("conversation_expired", "invite revoked");
  if (invite.expiresAfterUse && (await input.isInviteUsed(invite))) {
    return refuse("generic_failure", "invite already used");
  }
  if (target.right === "locked") return refuse("generic_failure", "the conversation is locked");
  if (target.right === "not-allowed") return refuse("generic_failure", "the inviter may not add members");
  if (target.memberInboxIds.length >= MEMBERS_MAX)
    return refuse("generic_failure", "the conversation is full");
  return { action: "admit", invite, groupId };
}
