import { type ConvosCodec, defineCodec } from "./codec.ts";
import { jsonBytes, parseJsonObject } from "./json.ts";

/**
 * `convos.org/thinking:1.0`: what an agent is busy with. Every start needs a stop with the same target;
 * only a stop may name the message that came of it.
 */
export type Thinking =
  | { readonly state: "start"; readonly targetMessageId: string; readonly content: string }
  | {
      readonly state: "stop";
      readonly targetMessageId: string;
      readonly content: string;
      readonly resultMessageId?: string | undefined;
    };

export const thinkingCodec: ConvosCodec<Thinking> = defineCodec<Thinking>({
  typeId: "thinking",
  push: false,
  toBytes: jsonBytes,
  fromBytes(bytes): Thinking | undefined {
    const json = parseJsonObject(bytes);
    if (json === undefined) return undefined;
    const { state, targetMessageId, content, resultMessageId } = json;
    if (typeof targetMessageId !== "string" || typeof content !== "string" || content === "")
      return undefined;
    if (resultMessageId === undefined) {
      return state === "start" || state === "stop" ? { state, targetMessageId, content } : undefined;
    }
    if (state !== "stop" || typeof resultMessageId !== "string" || resultMessageId === "") return undefined;
    return { state, targetMessageId, content, resultMessageId };
  },
});
