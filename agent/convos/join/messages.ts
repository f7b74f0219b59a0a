import type { DecodedMessage } from "@xmtp/node-sdk";
import { inviteJoinErrorCodec } from "../content-types/invite-join-error.ts";
import { inviteJoinHandledCodec } from "../content-types/invite-join-handled.ts";
import { joinRequestCodec } from "../content-types/join-request.ts";
import { readContent } from "../content-types/read.ts";
import { parseInvite } from "../invite/invite.ts";

/** How many of a DM's newest messages may hold something that still matters. */
export const RECENT_MESSAGES = 100;
/** A little more, so that the oldest request in reach is never cut off from the other half of its pair. */
export const PAIRING_MESSAGES = RECENT_MESSAGES + 10;
const PAIR_WINDOW_MS = 60_000;

export type RequestForm = "typed" | "text";

/** The slug that a message presents as a join request, or undefined when it is no such message. */
export function requestedSlug(message: DecodedMessage): { form: RequestForm; slug: string } | undefined {
  const typed = readContent(message, joinRequestCodec);
  if (typed !== undefined) return { form: "typed", slug: typed.inviteSlug };
  const { authorityId, typeId } = message.contentType;
  const isText = authorityId === "xmtp.org" && typeId === "text" && typeof message.content === "string";
  return isText ? { form: "text", slug: String(message.content) } : undefined;
}

/**
 * The message ids that make up one request: clients send it typed and then once more as text.
 * The first id stands for the request. `recent` is newest first.
 */
export function requestIds(
  message: DecodedMessage,
  recent: readonly DecodedMessage[],
): readonly [string, ...string[]] {
  const own = requestedSlug(message);
  const requests = recent.filter(
    (other) => other.senderInboxId === message.senderInboxId && requestedSlug(other) !== undefined,
  );
  const index = requests.findIndex(({ id }) => id === message.id);
  if (own === undefined || index === -1) return [message.id];
  const neighbour = own.form === "text" ? requests[index + 1] : requests[index - 1];
  if (neighbour === undefined || !isPair(message, neighbour)) return [message.id];
  return own.form === "text" ? [neighbour.id, message.id] : [message.id, neighbour.id];
}

function isPair(a: DecodedMessage, b: DecodedMessage): boolean {
  const [first, second] = [requestedSlug(a), requestedSlug(b)];
  if (!first || !second || first.form === second.form) return false;
  if (Math.abs(a.sentAt.getTime() - b.sentAt.getTime()) > PAIR_WINDOW_MS) return false;
  const [x, y] = [parseInvite(first.slug), parseInvite(second.slug)];
  return x.ok && y.ok && x.invite.hash === y.invite.hash;
}

/** Whether the inviter has marked a request for this tag as honoured at or after the given request. */
export const isCoveredByMarker = (answers: Answers): boolean =>
  isAnswered(answers, (message) => readContent(message, inviteJoinHandledCodec)?.inviteTag);

/** Whether the inviter has answered this request, or a later one for the same tag, with an error. */
export const isAnsweredByError = (answers: Answers): boolean =>
  isAnswered(answers, (message) => readContent(message, inviteJoinErrorCodec)?.inviteTag);

export interface Answers {
  readonly recent: readonly DecodedMessage[];
  readonly inviterInboxId: string;
  readonly tag: string;
  readonly request: DecodedMessage;
}

/** What did not leave this machine, and perhaps never will, is no answer. */
const PUBLISHED: DecodedMessage["deliveryStatus"] = 1;

const isAnswered = (
  { recent, inviterInboxId, tag, request }: Answers,
  answeredTag: (message: DecodedMessage) => string | undefined,
): boolean =>
  recent.some(
    (message) =>
      message.senderInboxId === inviterInboxId &&
      message.deliveryStatus === PUBLISHED &&
      message.sentAtNs >= request.sentAtNs &&
      answeredTag(message) === tag,
  );
