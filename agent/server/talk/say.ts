import { encodeMarkdown, encodeText, type Group, type SendOpts } from "@xmtp/node-sdk";
import { type EncodedContent, sendContent, thinkingCodec } from "../../convos/index.ts";
import type { Saying } from "../state/saying.ts";
import { REACTION } from "../xmtp/values.ts";
import { toPlainText } from "./plain-text.ts";
import { replyContent } from "./reply-content.ts";

const THINKING = "Thinking";

/** Gives a saying to XMTP under the options' idempotency key; resolves with the message's id. */
export function say(group: Group<unknown>, saying: Saying, options: SendOpts): Promise<string> {
  switch (saying.kind) {
    case "text": {
      const { text, isMarkdown, replyTo } = saying;
      const content = isMarkdown ? markdownOf(text) : encodeText(text);
      const said = replyTo === undefined ? content : replyContent(content, replyTo.messageId, text);
      return group.send(said, { shouldPush: true, ...options });
    }
    case "reaction": {
      const { messageId: reference, inboxId: referenceInboxId } = saying.to;
      return group.sendReaction({ ...REACTION, content: saying.emoji, reference, referenceInboxId }, options);
    }
    case "file": {
      const { filename, mimeType, base64 } = saying;
      return group.sendAttachment({ filename, mimeType, content: Buffer.from(base64, "base64") }, options);
    }
    case "thinking": {
      const { state, targetMessageId } = saying;
      return sendContent(group, thinkingCodec, { state, targetMessageId, content: THINKING }, options);
    }
  }
}

/** A client that does not show Markdown shows the plain text of it. */
const markdownOf = (text: string): EncodedContent => ({
  ...encodeMarkdown(text),
  fallback: toPlainText(text),
});
