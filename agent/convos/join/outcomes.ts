import { type Client, Group } from "@xmtp/node-sdk";
import { inviteJoinErrorCodec, type JoinErrorType } from "../content-types/invite-join-error.ts";
import { inviteJoinHandledCodec } from "../content-types/invite-join-handled.ts";
import { joinRequestCodec } from "../content-types/join-request.ts";
import { hasContentType, readContent } from "../content-types/read.ts";
import { sendContent } from "../content-types/send.ts";
import type { Invite } from "../invite/invite.ts";
import { sendProfileSnapshot } from "../profiles.ts";
import { CONSENT } from "../xmtp-values.ts";
import { addMember, MemberRefusedError } from "./add-member.ts";
import type { JoinFollowUp, JoinOutcome, ReceivedRequest } from "./inviter.ts";
import type { JoinLedgerOutcome } from "./ledger.ts";
import { isAnsweredByError } from "./messages.ts";

const MARKER_WINDOW_MESSAGES = 20;

/** Denies the DM of a forged invite. Nothing is sent. */
export async function block(request: ReceivedRequest, invite: Invite): Promise<JoinOutcome> {
  request.dm.updateConsentState(CONSENT.denied);
  await record(request, invite, "blocked");
  return { outcome: "blocked" };
}

/** Answers with an error, once per request. */
export async function refuse(
  request: ReceivedRequest,
  invite: Invite,
  errorType: JoinErrorType,
  reason: string,
): Promise<JoinOutcome> {
  const { deps, dm, recent, message } = request;
  const answers = { recent, inviterInboxId: deps.client.inboxId, tag: invite.tag, request: message };
  if (!isAnsweredByError(answers)) {
    const timestamp = deps.now?.() ?? new Date();
    await sendContent(dm, inviteJoinErrorCodec, { errorType, inviteTag: invite.tag, timestamp, reason });
  }
  await record(request, invite, "refused");
  return { outcome: "refused", errorType, reason };
}

/** Adds the member, tells whoever has to know, and settles the DM. */
export async function admit(request: ReceivedRequest, invite: Invite, groupId: string): Promise<JoinOutcome> {
  const { deps, message } = request;
  const joiner = message.senderInboxId;
  const group = await groupOf(deps.client, groupId);
  await record(request, invite, "admitting", groupId);
  try {
    await addMember(group, joiner);
  } catch (error) {
    if (!(error instanceof MemberRefusedError)) throw error;
    return refuse(request, invite, "generic_failure", error.message);
  }
  return welcome(request, invite, group);
}

/** The sender is a member: because of an admission that a crash cut short, or because it asked once more. */
export async function confirm(
  request: ReceivedRequest,
  invite: Invite,
  groupId: string,
): Promise<JoinOutcome> {
  const { deps, ids } = request;
  const group = await groupOf(deps.client, groupId);
  if (await deps.ledger.isAdmitting(ids[0])) return welcome(request, invite, group);
  await record(request, invite, "already-member", groupId);
  const failures = await attempt([
    ["marker", () => sendMarker(request, invite)],
    ["snapshot", () => sendProfileSnapshot(group)],
  ]);
  return { outcome: "already-member", groupId, failures };
}

async function welcome(
  request: ReceivedRequest,
  invite: Invite,
  group: Group<unknown>,
): Promise<JoinOutcome> {
  const { deps, dm, message } = request;
  const groupId = group.id;
  const firstAdmission = !(await deps.ledger.hasAdmitted(groupId));
  const info = { firstAdmission, groupId, isAgent: isFromAgent(request) };
  const announced = await attempt([
    ["on-admitted", async () => deps.onAdmitted?.(message.senderInboxId, info)],
  ]);
  await record(request, invite, "admitted", groupId);
  const followed = await attempt([
    ["dm-consent", async () => dm.updateConsentState(CONSENT.allowed)],
    ["marker", () => sendMarker(request, invite)],
    ["snapshot", () => sendProfileSnapshot(group)],
  ]);
  return { outcome: "admitted", groupId, failures: [...announced, ...followed] };
}

/** The typed half of the request is the one that says so. */
const isFromAgent = ({ message, recent, ids }: ReceivedRequest): boolean =>
  [message, ...recent].some(
    (half) => ids.includes(half.id) && readContent(half, joinRequestCodec)?.profile?.memberKind === "agent",
  );

/** Clients that send typed requests read the marker; older ones would show it as an unknown message. */
async function sendMarker(
  { deps, dm, recent, message, ids }: ReceivedRequest,
  invite: Invite,
): Promise<void> {
  const speaksTyped = recent
    .slice(0, MARKER_WINDOW_MESSAGES)
    .some(
      (other) => other.senderInboxId === message.senderInboxId && hasContentType(other, joinRequestCodec),
    );
  if (!speaksTyped) return;
  const timestamp = deps.now?.() ?? new Date();
  await sendContent(dm, inviteJoinHandledCodec, {
    inviteTag: invite.tag,
    handledMessageId: ids[0],
    timestamp,
  });
}

async function groupOf(client: Client<unknown>, groupId: string): Promise<Group<unknown>> {
  const group = await client.conversations.getConversationById(groupId);
  if (!(group instanceof Group)) throw new Error("the group of a judged join request is gone");
  return group;
}

type Step = readonly [JoinFollowUp, () => Promise<void>];

/** Each step is tried whatever became of the one before. */
async function attempt(steps: readonly Step[]): Promise<{ step: JoinFollowUp; error: unknown }[]> {
  const failures: { step: JoinFollowUp; error: unknown }[] = [];
  for (const [step, run] of steps) {
    try {
      await run();
    } catch (error) {
      failures.push({ step, error });
    }
  }
  return failures;
}

async function record(
  { deps, message, ids }: ReceivedRequest,
  invite: Invite,
  outcome: JoinLedgerOutcome,
  groupId?: string,
): Promise<void> {
  const { tag, hash: inviteHash } = invite;
  for (const id of ids) {
    await deps.ledger.record(id, { outcome, inboxId: message.senderInboxId, tag, inviteHash, groupId });
  }
}
