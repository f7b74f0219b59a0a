import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { type KeyWrapper, MasterKeys } from "./key-wrapper.ts";

const KEY_BYTES = 32;

/**
 * Envelope encryption (AES-256-GCM). Every claim and every instance has a data key of its own, sealed under the
 * master key; deleting that one sealed key makes all it protected unreadable. The context is authenticated, so a
 * sealed value cannot be moved to another row.
 */
export class Vault {
  readonly keys: KeyWrapper;
  readonly #macKey: Buffer;

  /** `digestKey`: 32 bytes that stay when the master key is rotated, for else a repeated claim would be a new one. */
  constructor(keys: KeyWrapper, digestKey: Buffer) {
    if (digestKey.length !== KEY_BYTES) throw new RangeError("the digest key must be 32 bytes");
    this.keys = keys;
    this.#macKey = Buffer.from(hkdfSync("sha256", digestKey, "", "request-mac", KEY_BYTES));
  }

  async newDataKey(context: string): Promise<{ key: Buffer; sealed: Buffer }> {
    const key = randomBytes(KEY_BYTES);
    return { key, sealed: await this.keys.wrap(key, context) };
  }

  openDataKey(sealed: Buffer, context: string): Promise<Buffer> {
    return this.keys.unwrap(sealed, context);
  }

  /** A keyed digest of what a caller sent, so that the database cannot be searched for guessed texts. */
  mac(context: string, text: string): Buffer {
    return createHmac("sha256", this.#macKey).update(context).update("\0").update(text).digest();
  }
}

/** What the environment gives: keys of 32 bytes each. */
export interface LocalKeys {
  readonly master: Buffer;
  /** Master keys of earlier, or the next one while it is being rolled out. */
  readonly previous: readonly Buffer[];
  readonly digest: Buffer;
}

export const localVault = ({ master, previous, digest }: LocalKeys): Vault =>
  new Vault(new MasterKeys(master, previous), digest);
