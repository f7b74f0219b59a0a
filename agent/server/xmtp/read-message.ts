import {
  type DecodedMessage,
  isGroupUpdated,
  isLeaveRequest,
  isMarkdown,
  isReaction,
  isReply,
  isText,
  isTextReply,
} from "@xmtp/node-sdk";
import { explodeSettingsCodec, readContent } from "../../convos/index.ts";
import { filesOf } from "../attachments/sent-file.ts";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { plainLine } from "../talk/plain-name.ts";
import { DELIVERY } from "./values.ts";

/** Longer messages are cut for the model; the chat keeps them whole. */
export const INBOUND_MAX_CHARS = 16_000;

/** What a message of the conversation means to the agent. */
export type ReadMessage =
  | { kind: "text"; message: StoredMessage }
  | { kind: "explode"; expiresAt: Date; senderInboxId: string; sentAt: Date }
  /** On a message, which has it among its reactions. */
  | { kind: "reaction" }
  | { kind: "membership"; removedInboxIds: readonly string[] }
  | { kind: "ignored" };

const IGNORED: ReadMessage = { kind: "ignored" };

/**
 * Our own messages are ignored by their sender, whatever their content. Only text, text in reply to something and files
 * are utterances; a content type that is not known here is ignored and never answered.
 */
export function readMessage(message: DecodedMessage, ownInboxId: string): ReadMessage {
  if (isGroupUpdated(message)) {
    const { removedInboxes = [], leftInboxes = [] } = message.content ?? {};
    return {
      kind: "membership",
      removedInboxIds: [...removedInboxes, ...leftInboxes].map((inbox) => inbox.inboxId),
    };
  }
  if (message.senderInboxId === ownInboxId || message.deliveryStatus !== DELIVERY.published) return IGNORED;
  if (isReaction(message)) return { kind: "reaction" };
  if (isLeaveRequest(message)) return { kind: "membership", removedInboxIds: [] };
  const settings = readContent(message, explodeSettingsCodec);
  if (settings !== undefined) {
    const { senderInboxId, sentAt } = message;
    return { kind: "explode", expiresAt: settings.expiresAt, senderInboxId, sentAt };
  }
  if (isText(message) || isMarkdown(message)) return utterance(message, message.content);
  if (isTextReply(message))
    return utterance(message, message.content?.content, { replyToId: message.content?.referenceId });
  const fileNames = filesOf(message).map(({ filename }) => plainLine(filename ?? ""));
  if (fileNames.length === 0) return IGNORED;
  const replyToId = isReply(message) ? message.content?.referenceId : undefined;
  return utterance(message, "", { fileNames, replyToId });
}

function utterance(
  message: DecodedMessage,
  text: unknown,
  { fileNames, replyToId }: { fileNames?: string[]; replyToId?: string | undefined } = {},
): ReadMessage {
  if (typeof text !== "string" || (text.trim() === "" && fileNames === undefined)) return IGNORED;
  return {
    kind: "text",
    message: {
      id: message.id,
      senderInboxId: message.senderInboxId,
      text: text.slice(0, INBOUND_MAX_CHARS),
      sentAtMs: message.sentAt.getTime(),
      ...(replyToId === undefined ? {} : { replyToId }),
      ...(fileNames === undefined ? {} : { fileNames }),
    },
  };
}
