import { type Client, type DecodedMessage, type Dm, Group } from "@xmtp/node-sdk";
import { readTag } from "../app-data/text.ts";
import type { Invite } from "../invite/invite.ts";
import { KeyedMutex } from "../keyed-mutex.ts";
import { CONSENT, SORT } from "../xmtp-values.ts";
import { admissionRight } from "./add-member.ts";
import { evaluateJoinRequest, type JoinDecision, type JoinTarget } from "./evaluate.ts";
import type { InviterDeps, JoinOutcome, ReceivedRequest } from "./inviter.ts";
import { isCoveredByMarker, PAIRING_MESSAGES, requestedSlug, requestIds } from "./messages.ts";
import { admit, block, confirm, refuse } from "./outcomes.ts";

const mutex = new KeyedMutex();

/**
 * Judges one DM message as a join request and carries the decision out. Requests to one inviter run one after another.
 * Give it every message of every DM with consent Unknown or Allowed, own ones and other content types included.
 * Rejects when the network failed before the outcome was certain: the request is then open, and the next call retries it.
 */
export function handleJoinRequest(
  deps: InviterDeps,
  dm: Dm<unknown>,
  message: DecodedMessage,
): Promise<JoinOutcome> {
  const request = message.senderInboxId === deps.client.inboxId ? undefined : requestedSlug(message);
  if (request === undefined) return Promise.resolve({ outcome: "ignored", reason: "not-a-slug" });
  return mutex.run(deps.client.inboxId, () => judge(deps, dm, message, request.slug));
}

async function judge(
  deps: InviterDeps,
  dm: Dm<unknown>,
  message: DecodedMessage,
  slug: string,
): Promise<JoinOutcome> {
  const { client, ledger } = deps;
  const recent = await dm.messages({ limit: PAIRING_MESSAGES, direction: SORT.descending });
  const request: ReceivedRequest = { deps, dm, message, recent, ids: requestIds(message, recent) };
  const decide = (): Promise<JoinDecision> =>
    evaluateJoinRequest({
      slug,
      senderInboxId: message.senderInboxId,
      inviter: { inboxId: client.inboxId, privateKey: deps.privateKey },
      now: deps.now?.() ?? new Date(),
      isHandled: (invite) => isHandled(request, invite),
      isInviteUsed: (invite) => ledger.isInviteUsed(invite.tag, invite.hash),
      findTarget: (groupId) => findTarget(client, groupId),
    });
  let decision = await decide();
  if (decision.action === "admit" && deps.onBeforeAdmit !== undefined) {
    await deps.onBeforeAdmit(message.senderInboxId);
    // That may have taken long enough for people to revoke the invite or to lock the conversation.
    decision = await decide();
  }
  switch (decision.action) {
    case "ignore":
      return { outcome: "ignored", reason: decision.reason };
    case "block":
      return block(request, decision.invite);
    case "refuse":
      return refuse(request, decision.invite, decision.errorType, decision.reason);
    case "confirm":
      return confirm(request, decision.invite, decision.groupId);
    case "admit":
      return admit(request, decision.invite, decision.groupId);
  }
}

/** The ledger knows best; the marker speaks for what another installation of this inbox has honoured. */
async function isHandled({ deps, recent, message, ids }: ReceivedRequest, invite: Invite): Promise<boolean> {
  if (await deps.ledger.isHandled(message.id)) return true;
  if (await deps.ledger.isHandled(ids[0])) return true;
  if (await deps.ledger.isAdmitting(ids[0])) return false;
  return isCoveredByMarker({
    recent,
    inviterInboxId: deps.client.inboxId,
    tag: invite.tag,
    request: message,
  });
}

async function findTarget(client: Client<unknown>, groupId: string): Promise<JoinTarget | undefined> {
  let conversation = await client.conversations.getConversationById(groupId);
  if (conversation === undefined) {
    await client.conversations.sync();
    conversation = await client.conversations.getConversationById(groupId);
  }
  if (conversation === undefined) return undefined;
  const isDenied = conversation.consentState() === CONSENT.denied;
  if (!(conversation instanceof Group)) {
    return { kind: "dm", isDenied, isActive: true, right: "open", tag: "", memberInboxIds: [] };
  }
  if (conversation.isActive) await conversation.sync();
  return {
    kind: "group",
    isDenied,
    isActive: conversation.isActive,
    right: admissionRight(conversation, client.inboxId),
    tag: readTag(conversation.appData),
    memberInboxIds: (await conversation.members()).map(({ inboxId }) => inboxId),
  };
}
