import { type ConvosCodec, defineCodec } from "./codec.ts";
import { jsonBytes, parseJsonObject } from "./json.ts";

/** `convos.org/typing_indicator:1.0`. Shown for 15 s unless refreshed or ended. */
export interface TypingIndicator {
  readonly isTyping: boolean;
}

export const typingIndicatorCodec: ConvosCodec<TypingIndicator> = defineCodec<TypingIndicator>({
  typeId: "typing_indicator",
  push: false,
  toBytes: jsonBytes,
  fromBytes(bytes) {
    const isTyping = parseJsonObject(bytes)?.isTyping;
    return typeof isTyping === "boolean" ? { isTyping } : undefined;
  },
});
