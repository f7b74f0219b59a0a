import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { fromHex, toHex } from "../bytes.ts";
import { decodeOrUndefined } from "../protobuf.ts";

/**
 * The conversation token: the group's id, sealed so that only the inviter can read it.
 * `0x01 ‖ nonce(12) ‖ ciphertext ‖ tag(16)`, ChaCha20-Poly1305, key from the inviter's private key by HKDF-SHA256.
 */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const MIN_TOKEN_BYTES = 32;
const SALT = Buffer.from("ConvosInviteV1", "utf8");
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const PACKED_UUID = 1;
const PACKED_TEXT = 2;
const MAX_TEXT_BYTES = 0xffff;
const MAX_SHORT_TEXT_BYTES = 0xff;

export const tokenKey = (privateKey: Uint8Array, inboxId: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", privateKey, SALT, Buffer.from(`inbox:${inboxId}`, "utf8"), KEY_BYTES));

/** Throws a RangeError for an empty id and for one over 65535 bytes. `nonce` is random unless a test gives it. */
export function encryptToken(
  privateKey: Uint8Array,
  inboxId: string,
  conversationId: string,
  nonce: Uint8Array = randomBytes(NONCE_BYTES),
): Uint8Array {
  const plaintext = packConversationId(conversationId);
  const cipher = createCipheriv("chacha20-poly1305", tokenKey(privateKey, inboxId), nonce, {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(Buffer.from(inboxId, "utf8"), { plaintextLength: plaintext.length });
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return new Uint8Array(Buffer.concat([Buffer.of(VERSION), nonce, sealed, cipher.getAuthTag()]));
}

/** The conversation id, or undefined when the token is not one that this key sealed for this inbox. */
export function decryptToken(privateKey: Uint8Array, inboxId: string, token: Uint8Array): string | undefined {
  if (token.length < MIN_TOKEN_BYTES || token[0] !== VERSION) return undefined;
  const nonce = token.subarray(1, 1 + NONCE_BYTES);
  const sealed = token.subarray(1 + NONCE_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv("chacha20-poly1305", tokenKey(privateKey, inboxId), nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(inboxId, "utf8"), { plaintextLength: sealed.length });
  decipher.setAuthTag(token.subarray(-TAG_BYTES));
  const plaintext = decodeOrUndefined(() => Buffer.concat([decipher.update(sealed), decipher.final()]));
  return plaintext && unpackConversationId(plaintext);
}

export function packConversationId(id: string): Uint8Array {
  if (UUID.test(id)) return new Uint8Array([PACKED_UUID, ...(fromHex(id.replaceAll("-", "")) ?? [])]);
  const text = Buffer.from(id, "utf8");
  if (text.length < 1 || text.length > MAX_TEXT_BYTES) {
    throw new RangeError("a conversation id is 1 to 65535 bytes long");
  }
  const length =
    text.length <= MAX_SHORT_TEXT_BYTES ? [text.length] : [0, text.length >> 8, text.length & 0xff];
  return new Uint8Array([PACKED_TEXT, ...length, ...text]);
}

export function unpackConversationId(packed: Uint8Array): string | undefined {
  if (packed[0] === PACKED_UUID) {
    const hex = toHex(packed.subarray(1));
    return packed.length === 17
      ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
      : undefined;
  }
  const [kind, short, high, low] = packed;
  if (kind !== PACKED_TEXT || short === undefined) return undefined;
  const isLong = short === 0;
  if (isLong && (high === undefined || low === undefined)) return undefined;
  const length = isLong ? ((high ?? 0) << 8) | (low ?? 0) : short;
  const text = packed.subarray(isLong ? 4 : 2);
  if (length === 0 || text.length !== length) return undefined;
  return decodeOrUndefined(() => new TextDecoder("utf-8", { fatal: true }).decode(text));
}
