import type { Client, Group } from "@xmtp/node-sdk";
import { type JoinProfile, joinRequestCodec } from "../content-types/join-request.ts";
import { sendContent } from "../content-types/send.ts";
import { inspectParsedInvite } from "../invite/inspect.ts";
import type { Invite } from "../invite/invite.ts";
import { findGroupByTag } from "./find-group.ts";

export type JoinRequestResult =
  | { readonly status: "sent"; readonly dmId: string; readonly messageId: string }
  /** We are a member of the invite's group; nothing was sent. */
  | { readonly status: "already-joined"; readonly group: Group<unknown> }
  /** The invite cannot be used; nothing was sent. */
  | {
      readonly status: "unusable";
      readonly reason: "bad-signature" | "invite-expired" | "conversation-expired" | "own-invite";
    };

export interface JoinRequestOptions {
  /** Strings that travel with the typed request. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Sending again with the same key sends nothing twice. Without one every call is a request of its own. */
  readonly idempotencyKey?: string;
}

/**
 * Asks the inviter, in a DM, to add us: the typed request for newer clients, then the bare slug as text for older ones.
 * Inviters ignore requests older than 24 h, so a pending one may be sent anew after that, not earlier.
 * Rejects with the SDK's error when the network does not take it; nothing else throws.
 */
export async function sendJoinRequest(
  client: Client<unknown>,
  invite: Invite,
  profile?: JoinProfile,
  options: JoinRequestOptions = {},
): Promise<JoinRequestResult> {
  const { outcome } = inspectParsedInvite(invite, { now: new Date(), ownInboxId: client.inboxId });
  if (outcome === "bad-signature" || outcome === "own-invite") return { status: "unusable", reason: outcome };
  // An invite that has expired since does not take away what it gave.
  await client.conversations.sync();
  const group = await findGroupByTag(client, invite.tag);
  if (group !== undefined) return { status: "already-joined", group };
  if (outcome !== "usable" && outcome !== "foreign-network") return { status: "unusable", reason: outcome };

  const dm = await client.conversations.createDm(invite.creatorInboxId);
  const { idempotencyKey: key, metadata } = options;
  const request = {
    inviteSlug: invite.slug,
    ...(profile === undefined ? {} : { profile }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  const messageId = await sendContent(
    dm,
    joinRequestCodec,
    request,
    key ? { idempotencyKey: `${key}/typed` } : {},
  );
  await dm.sendText(invite.slug, key ? { idempotencyKey: `${key}/text` } : {});
  return { status: "sent", dmId: dm.id, messageId };
}
