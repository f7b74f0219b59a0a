import { describe, expect, it } from "vitest";
import { fromBase64url, toHex } from "../bytes.ts";
import { readFrame } from "../deflate-frame.ts";
import { type AppDataVector, hex, type ImageVector, vectors } from "../testdata/vectors.ts";
import { type ConversationMetadata, encodeMetadata } from "./metadata.ts";
import { AppDataTooLargeError, decodeAppData, EMPTY_METADATA, encodeAppData, readTag } from "./text.ts";

const image = ({ url, salt, nonce }: ImageVector) => ({ url, salt: hex(salt), nonce: hex(nonce) });

function metadataOf({ metadata, unknownField15 }: AppDataVector): ConversationMetadata {
  const { imageEncryptionKey, encryptedGroupImage, profiles, ...rest } = metadata;
  return {
    ...rest,
    profiles: profiles.map(({ encryptedImage, ...profile }) => ({
      ...profile,
      ...(encryptedImage ? { encryptedImage: image(encryptedImage) } : {}),
    })),
    ...(imageEncryptionKey ? { imageEncryptionKey: hex(imageEncryptionKey) } : {}),
    ...(encryptedGroupImage ? { encryptedGroupImage: image(encryptedGroupImage) } : {}),
    ...(unknownField15 ? { unknownFields: hex(`7a03${unknownField15}`) } : {}),
  };
}

describe.each(vectors.appData)("appData $id ($note)", (vector) => {
  it("is read", () => {
    expect(decodeAppData(vector.appData)).toEqual(metadataOf(vector));
    expect(readTag(vector.appData)).toBe(vector.metadata.tag);
  });

  it("is written", () => {
    const metadata = metadataOf(vector);
    if (vector.protobuf !== undefined) expect(toHex(encodeMetadata(metadata))).toBe(vector.protobuf);
    const text = encodeAppData(metadata);
    if (vector.compression === "none") expect(text).toBe(vector.appData);
    if (vector.compression === "raw-deflate") {
      const frame = fromBase64url(text) ?? new Uint8Array();
      expect(frame[0]).toBe(0x1f);
      expect(toHex(readFrame(frame, 10_000) ?? new Uint8Array())).toBe(vector.protobuf);
      expect(text.length).toBeLessThanOrEqual(vector.appData.length);
    }
    expect(decodeAppData(text)).toEqual(metadata);
  });
});

it("reads the zlib-wrapped form of older clients", () => {
  const wrapped = vectors.appData.filter(({ mustAlsoAccept }) => mustAlsoAccept !== undefined);
  expect(wrapped.length).toBeGreaterThan(0);
  for (const vector of wrapped) {
    expect(decodeAppData(vector.mustAlsoAccept?.appData ?? "")).toEqual(metadataOf(vector));
  }
});

describe.each(vectors.negativeAppData)("appData $id ($note)", ({ id, appData, lenient }) => {
  it("reads as a group without a tag", () => {
    expect(readTag(appData)).toBe(lenient.tag);
    const expected = { AN1: EMPTY_METADATA, AN4: { tag: "", profiles: [], emoji: "🔥" } }[id];
    expect(decodeAppData(appData)).toEqual(expected);
  });
});

describe("limits", () => {
  const ofSize = (bytes: number): ConversationMetadata => ({
    tag: "ccpfXDRHZv",
    profiles: [],
    unknownFields: new Uint8Array(
      Buffer.concat([Buffer.of(0x7a, 0x80 | (bytes & 0x7f), bytes >> 7), randomLike(bytes)]),
    ),
  });

  it("writes 8192 characters at most", () => {
    expect(encodeAppData(ofSize(6129)).length).toBe(8192);
    expect(() => encodeAppData(ofSize(6130))).toThrow(AppDataTooLargeError);
  });

  it("never writes an expiry of 0, and reads one as absent", () => {
    const text = encodeAppData({ tag: "a", profiles: [], expiresAtUnix: 0 });
    expect(text).toBe(encodeAppData({ tag: "a", profiles: [] }));
    expect(decodeAppData(Buffer.from("0a0161190000000000000000", "hex").toString("base64url"))).toEqual({
      tag: "a",
      profiles: [],
    });
  });
});

/** Bytes that no compressor makes smaller, the same in every run. */
function randomLike(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}
