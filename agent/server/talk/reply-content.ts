import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { contentTypeReply } from "@xmtp/node-sdk";
import type { EncodedContent } from "../../convos/index.ts";

/**
 * A reply whose bytes are the same each time, and so, under one idempotency key, its message's id. The SDK's own writes
 * several parameters, in an order that changes each time; readers need the reference alone, and take the rest of what
 * those say from the content.
 */
export const replyContent = (content: EncodedContent, reference: string, said: string): EncodedContent => ({
  type: contentTypeReply(),
  parameters: { reference },
  fallback: `Replied with "${said}" to an earlier message`,
  content: bytesOf(content),
});

/** `EncodedContent` of `xmtp.mls.message_contents`. */
function bytesOf({ type, parameters, fallback, content }: EncodedContent): Uint8Array {
  const writer = new BinaryWriter();
  if (type !== undefined) writer.tag(1, WireType.LengthDelimited).bytes(typeBytes(type));
  for (const [key, value] of Object.entries(parameters)) {
    const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string(key);
    entry.tag(2, WireType.LengthDelimited).string(value);
    writer.tag(2, WireType.LengthDelimited).bytes(entry.finish());
  }
  if (fallback !== undefined) writer.tag(3, WireType.LengthDelimited).string(fallback);
  return writer.tag(4, WireType.LengthDelimited).bytes(content).finish();
}

function typeBytes(type: NonNullable<EncodedContent["type"]>): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(type.authorityId);
  writer.tag(2, WireType.LengthDelimited).string(type.typeId);
  return writer
    .tag(3, WireType.Varint)
    .uint32(type.versionMajor)
    .tag(4, WireType.Varint)
    .uint32(type.versionMinor)
    .finish();
}
