import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Envelope encryption (AES-256-GCM). Every claim and every instance has a data key of its own, sealed under the
 * master key; deleting that one sealed key makes all it protected unreadable. The context is authenticated, so a
 * sealed value cannot be moved to another row.
 */
export class Vault {
  readonly #master: Buffer;
  readonly #macKey: Buffer;

  constructor(masterKey: Buffer) {
    if (masterKey.length !== KEY_BYTES) throw new RangeError("the master key must be 32 bytes");
    this.#master = masterKey;
    this.#macKey = Buffer.from(hkdfSync("sha256", masterKey, "", "request-mac", KEY_BYTES));
  }

  newDataKey(context: string): { key: Buffer; sealed: Buffer } {
    const key = randomBytes(KEY_BYTES);
    return { key, sealed: seal(this.#master, key, context) };
  }

  openDataKey(sealed: Buffer, context: string): Buffer {
    return open(this.#master, sealed, context);
  }

  /** A keyed digest of what a caller sent, so that the database cannot be searched for guessed texts. */
  mac(context: string, text: string): Buffer {
    return createHmac("sha256", this.#macKey).update(context).update("\0").update(text).digest();
  }
}

/** `version(1) · nonce(12) · tag(16) · ciphertext`. */
export function seal(key: Buffer, plaintext: Buffer | string, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
}

/** Throws when the key, the context or the bytes are not those of the sealing. */
export function open(key: Buffer, sealed: Buffer, context: string): Buffer {
  if (sealed[0] !== VERSION) throw new RangeError("sealed value of an unknown version");
  const body = 1 + NONCE_BYTES + TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + NONCE_BYTES))
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(1 + NONCE_BYTES, body));
  return Buffer.concat([decipher.update(sealed.subarray(body)), decipher.final()]);
}
