import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { readMessage, writeBytes, writeString } from "./protobuf.ts";

/** `EncryptedImageRef`: where an image's ciphertext lies and what opens it together with the group's image key. */
export interface EncryptedImageRef {
  readonly url: string;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** Fields of newer clients, kept verbatim. */
  readonly unknownFields?: Uint8Array | undefined;
}

export const SALT_BYTES = 32;
export const NONCE_BYTES = 12;

export function encodeImageRef(ref: EncryptedImageRef): Uint8Array {
  const writer = new BinaryWriter();
  writeString(writer, 1, ref.url);
  writeBytes(writer, 2, ref.salt);
  writeBytes(writer, 3, ref.nonce);
  if (ref.unknownFields) writer.raw(ref.unknownFields);
  return writer.finish();
}

/** Throws when the bytes are not a protobuf message. */
export function decodeImageRef(bytes: Uint8Array): EncryptedImageRef {
  let url = "";
  let salt = new Uint8Array();
  let nonce = new Uint8Array();
  const unknownFields = readMessage(bytes, (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) url = reader.string(true);
    else if (field === 2) salt = new Uint8Array(reader.bytes());
    else if (field === 3) nonce = new Uint8Array(reader.bytes());
    else return false;
    return true;
  });
  return { url, salt, nonce, ...(unknownFields.length > 0 ? { unknownFields } : {}) };
}

/** A reference counts only when it is whole. */
export const isUsableImageRef = (ref: EncryptedImageRef): boolean =>
  ref.url !== "" && ref.salt.length === SALT_BYTES && ref.nonce.length === NONCE_BYTES;
