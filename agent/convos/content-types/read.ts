import type { DecodedMessage } from "@xmtp/node-sdk";
import type { ConvosCodec } from "./codec.ts";

/**
 * The content of a message when it is of this codec's type and well formed; undefined otherwise.
 * The client must have been created with `convosCodecs`, so that the content is what the codec returned.
 */
export function readContent<T>(
  message: Pick<DecodedMessage, "contentType" | "content">,
  codec: ConvosCodec<T>,
): T | undefined {
  return hasContentType(message, codec) ? (message.content as T | undefined) : undefined;
}

/** Authority, type and both version numbers must match. */
export function hasContentType<T>(
  message: Pick<DecodedMessage, "contentType">,
  codec: ConvosCodec<T>,
): boolean {
  const { authorityId, typeId, versionMajor, versionMinor } = codec.contentType;
  const actual = message.contentType;
  return (
    actual.authorityId === authorityId &&
    actual.typeId === typeId &&
    actual.versionMajor === versionMajor &&
    actual.versionMinor === versionMinor
  );
}
