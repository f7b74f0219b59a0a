import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fromHex, toHex } from "../bytes.ts";
import { decodeImageRef, type EncryptedImageRef, encodeImageRef } from "../encrypted-image.ts";
import { readMessage, writeBytes, writeSfixed64, writeString } from "../protobuf.ts";

/** A profile in appData. Read-only fallback: profile messages in the group are the truth. */
export interface ConversationProfile {
  /** Hex. */
  readonly inboxId: string;
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly encryptedImage?: EncryptedImageRef | undefined;
  /** JSON text, written by the iOS app only. */
  readonly connections?: string | undefined;
  /** Fields of newer clients, kept verbatim. */
  readonly unknownFields?: Uint8Array | undefined;
}

/** `ConversationCustomMetadata`, the protobuf in a group's appData. */
export interface ConversationMetadata {
  /** The invite tag; empty in a group that was not made by a Convos client. */
  readonly tag: string;
  readonly profiles: readonly ConversationProfile[];
  /** Unix seconds of the scheduled explosion; 0 reads as absent and is never written. A hint, not an authority. */
  readonly expiresAtUnix?: number | undefined;
  /** 32 bytes. */
  readonly imageEncryptionKey?: Uint8Array | undefined;
  readonly encryptedGroupImage?: EncryptedImageRef | undefined;
  readonly emoji?: string | undefined;
  /** Fields of newer clients, kept verbatim. */
  readonly unknownFields?: Uint8Array | undefined;
}

export function encodeMetadata(metadata: ConversationMetadata): Uint8Array {
  const writer = new BinaryWriter();
  writeString(writer, 1, metadata.tag === "" ? undefined : metadata.tag);
  for (const profile of metadata.profiles) writeBytes(writer, 2, encodeProfile(profile));
  writeSfixed64(writer, 3, metadata.expiresAtUnix || undefined);
  writeBytes(writer, 4, metadata.imageEncryptionKey);
  writeBytes(writer, 5, metadata.encryptedGroupImage && encodeImageRef(metadata.encryptedGroupImage));
  writeString(writer, 6, metadata.emoji);
  if (metadata.unknownFields) writer.raw(metadata.unknownFields);
  return writer.finish();
}

/** Throws when the bytes are not a protobuf message. */
export function decodeMetadata(bytes: Uint8Array): ConversationMetadata {
  let tag = "";
  const profiles: ConversationProfile[] = [];
  let expiresAtUnix = 0;
  let imageEncryptionKey: Uint8Array | undefined;
  let encryptedGroupImage: EncryptedImageRef | undefined;
  let emoji: string | undefined;
  const unknownFields = readMessage(bytes, (field, wireType, reader) => {
    if (field === 3 && wireType === WireType.Bit64) {
      expiresAtUnix = Number(reader.sfixed64());
      return true;
    }
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) tag = reader.string(true);
    else if (field === 2) profiles.push(decodeProfile(reader.bytes()));
    else if (field === 4) imageEncryptionKey = new Uint8Array(reader.bytes());
    else if (field === 5) encryptedGroupImage = decodeImageRef(reader.bytes());
    else if (field === 6) emoji = reader.string(true);
    else return false;
    return true;
  });
  return {
    tag,
    profiles,
    ...(expiresAtUnix === 0 ? {} : { expiresAtUnix }),
    ...(imageEncryptionKey ? { imageEncryptionKey } : {}),
    ...(encryptedGroupImage ? { encryptedGroupImage } : {}),
    ...(emoji === undefined ? {} : { emoji }),
    ...(unknownFields.length > 0 ? { unknownFields } : {}),
  };
}

function encodeProfile(profile: ConversationProfile): Uint8Array {
  const writer = new BinaryWriter();
  writeBytes(writer, 1, fromHex(profile.inboxId));
  writeString(writer, 2, profile.name);
  writeString(writer, 3, profile.image);
  writeBytes(writer, 4, profile.encryptedImage && encodeImageRef(profile.encryptedImage));
  writeString(writer, 5, profile.connections);
  if (profile.unknownFields) writer.raw(profile.unknownFields);
  return writer.finish();
}

function decodeProfile(bytes: Uint8Array): ConversationProfile {
  let inboxId = "";
  let encryptedImage: EncryptedImageRef | undefined;
  const texts: { name?: string; image?: string; connections?: string } = {};
  const unknownFields = readMessage(bytes, (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) inboxId = toHex(reader.bytes());
    else if (field === 2) texts.name = reader.string(true);
    else if (field === 3) texts.image = reader.string(true);
    else if (field === 4) encryptedImage = decodeImageRef(reader.bytes());
    else if (field === 5) texts.connections = reader.string(true);
    else return false;
    return true;
  });
  return {
    inboxId,
    ...texts,
    ...(encryptedImage ? { encryptedImage } : {}),
    ...(unknownFields.length > 0 ? { unknownFields } : {}),
  };
}
