import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { type EncryptedImageRef, isUsableImageRef, NONCE_BYTES, SALT_BYTES } from "./encrypted-image.ts";
import { decodeOrUndefined } from "./protobuf.ts";

/**
 * Pictures of members and groups, sealed with the image key in the group's metadata (32 random bytes, one per group).
 * Each picture has a key of its own: HKDF-SHA256 of the group's key with the picture's 32-byte salt. AES-256-GCM
 * without associated data; what is stored is `ciphertext ‖ tag(16)`, while salt and nonce travel in the reference.
 */
export const GROUP_KEY_BYTES = 32;
const IMAGE_KEY_BYTES = 32;
const TAG_BYTES = 16;
const INFO = Buffer.from("ConvosImageV1", "utf8");

/** Bigger pictures are neither sealed nor opened: 10 MiB. */
export const MAX_IMAGE_BYTES = 10_485_760;
/** No stored picture is longer, so a download may stop here. */
export const MAX_SEALED_IMAGE_BYTES = MAX_IMAGE_BYTES + TAG_BYTES;

/** A sealed picture. Together with the URL it is stored at, salt and nonce are its reference. */
export interface SealedImage extends Pick<EncryptedImageRef, "salt" | "nonce"> {
  /** Ciphertext and tag; uploaded as `application/octet-stream`. */
  readonly sealed: Uint8Array;
}

export const newImageKey = (): Uint8Array => new Uint8Array(randomBytes(GROUP_KEY_BYTES));

export const imageKey = (groupKey: Uint8Array, salt: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", groupKey, salt, INFO, IMAGE_KEY_BYTES));

/**
 * Throws a RangeError for a group key that is not 32 bytes, an empty picture and one over `MAX_IMAGE_BYTES`.
 * Salt and nonce are random unless a test gives them.
 */
export function encryptImage(
  groupKey: Uint8Array,
  image: Uint8Array,
  salt: Uint8Array = new Uint8Array(randomBytes(SALT_BYTES)),
  nonce: Uint8Array = new Uint8Array(randomBytes(NONCE_BYTES)),
): SealedImage {
  if (groupKey.length !== GROUP_KEY_BYTES) throw new RangeError("a group's image key is 32 bytes long");
  if (image.length < 1 || image.length > MAX_IMAGE_BYTES) {
    throw new RangeError(`a picture is 1 to ${MAX_IMAGE_BYTES} bytes long`);
  }
  const cipher = createCipheriv("aes-256-gcm", imageKey(groupKey, salt), nonce);
  const sealed = Buffer.concat([cipher.update(image), cipher.final(), cipher.getAuthTag()]);
  return { salt, nonce, sealed: new Uint8Array(sealed) };
}

/** The picture, or undefined when the reference is not whole, the size is out of bounds or this key did not seal it. */
export function decryptImage(
  groupKey: Uint8Array,
  ref: EncryptedImageRef,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (groupKey.length !== GROUP_KEY_BYTES || !isUsableImageRef(ref)) return undefined;
  if (sealed.length <= TAG_BYTES || sealed.length > MAX_SEALED_IMAGE_BYTES) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", imageKey(groupKey, ref.salt), ref.nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const image = decodeOrUndefined(() =>
    Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]),
  );
  return image && new Uint8Array(image);
}
