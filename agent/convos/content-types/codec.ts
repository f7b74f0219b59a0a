import type { DecodedMessage, encodeText } from "@xmtp/node-sdk";

export type ContentTypeId = DecodedMessage["contentType"];
export type EncodedContent = ReturnType<typeof encodeText>;

/**
 * A codec of one Convos content type, accepted by `Client.create({ codecs })`.
 * `decode` returns undefined for malformed content: it never throws into a stream, and the SDK prints what a codec throws.
 * The SDK's `send` does not ask `shouldPush` and `fallback`: send with `sendContent`.
 */
export interface ConvosCodec<T> {
  readonly contentType: ContentTypeId;
  encode(content: T): EncodedContent;
  decode(encoded: EncodedContent): T | undefined;
  fallback(content: T): string | undefined;
  shouldPush(): boolean;
}

interface CodecDefinition<T> {
  readonly typeId: string;
  readonly push: boolean;
  readonly toBytes: (content: T) => Uint8Array;
  readonly fromBytes: (bytes: Uint8Array) => T | undefined;
  readonly fallback?: (content: T) => string;
}

/** Bodies over this are malformed by definition; XMTP itself carries at most 1 MiB. */
const MAX_BODY_BYTES = 262_144;

export function defineCodec<T>(definition: CodecDefinition<T>): ConvosCodec<T> {
  const contentType = {
    authorityId: "convos.org",
    typeId: definition.typeId,
    versionMajor: 1,
    versionMinor: 0,
  };
  const fallback = (content: T): string | undefined => definition.fallback?.(content);
  return {
    contentType,
    fallback,
    shouldPush: () => definition.push,
    encode(content) {
      const text = fallback(content);
      const encoded = { type: contentType, parameters: {}, content: definition.toBytes(content) };
      return text === undefined ? encoded : { ...encoded, fallback: text };
    },
    decode: ({ content }) => (content.length > MAX_BODY_BYTES ? undefined : definition.fromBytes(content)),
  };
}
