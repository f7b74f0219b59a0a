import { toUnixSeconds } from "../time.ts";
import { type Invite, type InviteParseFailure, parseInvite } from "./invite.ts";
import { isSignedBy, recoverPublicKey } from "./signature.ts";
import { decryptToken } from "./token.ts";
import type { InviteNetwork } from "./url.ts";

export type InviteInspection =
  | { readonly outcome: "usable"; readonly invite: Invite }
  | { readonly outcome: "not-an-invite"; readonly reason: InviteParseFailure }
  | {
      readonly outcome:
        | "bad-signature"
        | "invite-expired"
        | "conversation-expired"
        | "foreign-network"
        | "own-invite";
      readonly invite: Invite;
    };

export interface InspectOptions {
  readonly now: Date;
  /** The network we are on; without it invites of every network pass. */
  readonly network?: InviteNetwork | undefined;
  /** Our own inbox id; without it an invite of our own passes. */
  readonly ownInboxId?: string | undefined;
}

/**
 * What a joiner can know about an invite before using it. It cannot know whether the signer is the inviter,
 * whether the group still exists or whether the tag is still the group's.
 */
export function inspectInvite(text: string, options: InspectOptions): InviteInspection {
  const parsed = parseInvite(text);
  if (!parsed.ok) return { outcome: "not-an-invite", reason: parsed.reason };
  return inspectParsedInvite(parsed.invite, options);
}

/** The same checks of an invite that has been parsed already. */
export function inspectParsedInvite(
  invite: Invite,
  options: InspectOptions,
): Exclude<InviteInspection, { outcome: "not-an-invite" }> {
  if (recoverPublicKey(invite.payload, invite.signature) === undefined)
    return { outcome: "bad-signature", invite };
  if (isForeignNetwork(invite, options.network)) return { outcome: "foreign-network", invite };
  if (invite.creatorInboxId === options.ownInboxId) return { outcome: "own-invite", invite };
  if (isInviteExpired(invite, options.now)) return { outcome: "invite-expired", invite };
  if (isConversationExpired(invite, options.now)) return { outcome: "conversation-expired", invite };
  return { outcome: "usable", invite };
}

/**
 * ignore `invite-expired`       add nobody, send nothing
 * ignore `other-inviter`        not our invite: leave it alone
 * forged                        not signed by our key: deny the DM
 * conversation-expired          answer so
 * ignore `unreadable-token`     signed by us, but the token is not for this key and inbox
 * ours                          signed by us and readable
 */
export type InviteVerification =
  | { readonly outcome: "ours"; readonly groupId: string }
  | { readonly outcome: "ignore"; readonly reason: "invite-expired" | "other-inviter" | "unreadable-token" }
  | { readonly outcome: "forged" }
  | { readonly outcome: "conversation-expired" };

/** The inviter's checks of an invite that somebody presents, in the order in which they decide. */
export function verifyInviteAsInviter(
  invite: Invite,
  inviter: { readonly inboxId: string; readonly privateKey: Uint8Array; readonly now: Date },
): InviteVerification {
  if (isInviteExpired(invite, inviter.now)) return { outcome: "ignore", reason: "invite-expired" };
  if (invite.creatorInboxId !== inviter.inboxId) return { outcome: "ignore", reason: "other-inviter" };
  if (!isSignedBy(invite.payload, invite.signature, inviter.privateKey)) return { outcome: "forged" };
  if (isConversationExpired(invite, inviter.now)) return { outcome: "conversation-expired" };
  const groupId = decryptToken(inviter.privateKey, inviter.inboxId, invite.conversationToken);
  return groupId === undefined
    ? { outcome: "ignore", reason: "unreadable-token" }
    : { outcome: "ours", groupId };
}

export const isInviteExpired = (invite: Invite, now: Date): boolean => isPast(invite.expiresAtUnix, now);

export const isConversationExpired = (invite: Invite, now: Date): boolean =>
  isPast(invite.conversationExpiresAtUnix, now);

/** Some clients write the dev host for local invites as well, so on `local` a dev link is not foreign. */
export function isForeignNetwork(invite: Invite, network: InviteNetwork | undefined): boolean {
  if (invite.network === undefined || network === undefined || invite.network === network) return false;
  return !(network === "local" && invite.network === "dev");
}

const isPast = (unix: number | undefined, now: Date): boolean =>
  unix !== undefined && toUnixSeconds(now) > unix;
