import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
export const SALT_BYTES = 32;

export class SealError extends Error {
  override readonly name = "SealError";
}

/**
 * Seals what must not lie in the clear on disk with AES-256-GCM. Every key is derived (HKDF-SHA256) from the
 * state key and a salt that exists only in the identity file: shredding that file makes all sealed data
 * unreadable, even for one who still has the state key.
 */
export interface Vault {
  /** `purpose` is authenticated: what was sealed for one purpose cannot be opened for another. */
  seal(purpose: string, plain: Uint8Array): Buffer;
  sealText(purpose: string, text: string): Buffer;
  /** Throws SealError when the key is wrong or the data was changed. */
  open(purpose: string, sealed: Uint8Array): Buffer;
  openText(purpose: string, sealed: Uint8Array): string;
  /** A key of 32 bytes for another store, such as the XMTP database. */
  deriveKey(purpose: string): Buffer;
}

export function createVault(stateKeyHex: string, salt: Uint8Array): Vault {
  const stateKey = Buffer.from(stateKeyHex, "hex");
  if (stateKey.length !== KEY_BYTES || salt.length !== SALT_BYTES)
    throw new SealError("the state key and its salt are 32 bytes each");
  const deriveKey = (purpose: string): Buffer =>
    Buffer.from(hkdfSync("sha256", stateKey, salt, purpose, KEY_BYTES));
  const sealingKey = deriveKey("seal");

  const seal = (purpose: string, plain: Uint8Array): Buffer => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", sealingKey, nonce).setAAD(Buffer.from(purpose));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), nonce, body, cipher.getAuthTag()]);
  };
  const open = (purpose: string, sealed: Uint8Array): Buffer => {
    const bytes = Buffer.from(sealed);
    if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION)
      throw new SealError(`not sealed data (${purpose})`);
    const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
    const tag = bytes.subarray(bytes.length - TAG_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", sealingKey, nonce)
      .setAAD(Buffer.from(purpose))
      .setAuthTag(tag);
    try {
      const body = decipher.update(bytes.subarray(1 + NONCE_BYTES, bytes.length - TAG_BYTES));
      return Buffer.concat([body, decipher.final()]);
    } catch {
      // The cause says only that authentication failed, which is what this error says in clearer words.
      throw new SealError(`wrong state key or changed data (${purpose})`);
    }
  };
  return {
    seal,
    open,
    deriveKey,
    sealText: (purpose, text) => seal(purpose, Buffer.from(text, "utf8")),
    openText: (purpose, sealed) => open(purpose, sealed).toString("utf8"),
  };
}
