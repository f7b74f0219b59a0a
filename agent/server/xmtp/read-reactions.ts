import type { DecodedMessage } from "@xmtp/node-sdk";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { REACTION } from "./values.ts";

/** So much of what was reacted to is told with the reaction. */
const QUOTE_MAX_CHARS = 80;
const EMOJI_MAX_CHARS = 24;
const WORDS_AND_SPACES = /[\p{Cc}\s]+/gu;

/**
 * What others have put on one of our messages, each as something said in reply to it. One that was taken back is on the
 * message no more.
 */
export function readReactions(message: DecodedMessage, ownInboxId: string): readonly StoredMessage[] {
  const said = typeof message.content === "string" ? message.content : (message.fallback ?? "");
  const line = said.replaceAll(WORDS_AND_SPACES, " ").trim();
  const quote = line.length > QUOTE_MAX_CHARS ? `${line.slice(0, QUOTE_MAX_CHARS)}…` : line;
  return message.reactions.flatMap(({ id, senderInboxId, content, sentAt }) => {
    if (senderInboxId === ownInboxId || content?.action !== REACTION.action) return [];
    const emoji = content.content.replaceAll(WORDS_AND_SPACES, "").slice(0, EMOJI_MAX_CHARS);
    const text = `[reacted ${emoji} to your message "${quote}"]`;
    return [{ id, senderInboxId, text, sentAtMs: sentAt.getTime(), replyToId: message.id }];
  });
}
