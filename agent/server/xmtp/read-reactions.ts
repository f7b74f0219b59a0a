import type { DecodedMessage } from "@xmtp/node-sdk";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { isEmoji } from "../talk/emoji.ts";
import { EYES } from "../talk/eyes.ts";
import { REACTION } from "./values.ts";

/** So much of what was reacted to is told with the reaction. */
const QUOTE_MAX_CHARS = 80;
const SPACES = /[\p{Cc}\s]+/gu;

/**
 * What others have put on one of our messages and not taken back, each as something said in reply to it. Eyes say that
 * there is nothing to say; another agent's must not make us talk.
 */
export function readReactions(message: DecodedMessage, ownInboxId: string): readonly StoredMessage[] {
  const said = typeof message.content === "string" ? message.content : (message.fallback ?? "");
  const line = said.replaceAll(SPACES, " ").trim();
  const quote = line.length > QUOTE_MAX_CHARS ? `${line.slice(0, QUOTE_MAX_CHARS)}…` : line;
  const latest = new Map<string, DecodedMessage["reactions"][number]>();
  for (const reaction of message.reactions.toSorted((a, b) => Number(a.sentAtNs - b.sentAtNs)))
    latest.set(`${reaction.senderInboxId} ${reaction.content?.content}`, reaction);
  return [...latest.values()].flatMap(({ id, senderInboxId, content, sentAt }) => {
    if (senderInboxId === ownInboxId || content?.action !== REACTION.action || content.content === EYES)
      return [];
    const what = isEmoji(content.content) ? content.content : "with a symbol";
    const text = `[reacted ${what} to your message "${quote}"]`;
    return [
      {
        id,
        senderInboxId,
        text,
        sentAtMs: sentAt.getTime(),
        replyToId: message.id,
        reaction: content.content,
      },
    ];
  });
}
