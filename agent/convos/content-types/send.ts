import type { Conversation } from "@xmtp/node-sdk";
import type { ConvosCodec } from "./codec.ts";

/** What is needed of an XMTP conversation to send to it. */
export type Sendable = Pick<Conversation, "send">;

/**
 * Sends one Convos message with the push flag and the fallback of its content type and returns its message id.
 * The same content with the same idempotency key is one message, however often it is sent.
 * Rejects with the SDK's error when the network does not take it.
 */
export function sendContent<T>(
  conversation: Sendable,
  codec: ConvosCodec<T>,
  content: T,
  options: { readonly idempotencyKey?: string; readonly optimistic?: boolean } = {},
): Promise<string> {
  return conversation.send(codec.encode(content), { shouldPush: codec.shouldPush(), ...options });
}
