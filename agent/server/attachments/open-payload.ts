import { createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { FileError } from "./file-error.ts";
import type { SentFile } from "./sent-file.ts";

const KEY_BYTES = 32;
const TAG_BYTES = 16;

export type PayloadKeys = Pick<
  Extract<SentFile, { kind: "remote" }>,
  "contentDigest" | "secret" | "salt" | "nonce"
>;

/**
 * Opens what was stored for a remote attachment: `ciphertext ‖ tag`, AES-256-GCM under HKDF-SHA256(secret, salt).
 * Throws a FileError: `wrong-digest` when these are not the sender's bytes, `wrong-key` when the key does not open them.
 */
export function openPayload(payload: Buffer, { contentDigest, secret, salt, nonce }: PayloadKeys): Buffer {
  const digest = createHash("sha256").update(payload).digest("hex");
  if (digest !== contentDigest) throw new FileError("wrong-digest");
  if (payload.length < TAG_BYTES) throw new FileError("damaged");
  const fromHex = (hex: string): Buffer => Buffer.from(hex, "hex");
  try {
    const key = Buffer.from(hkdfSync("sha256", fromHex(secret), fromHex(salt), "", KEY_BYTES));
    const decipher = createDecipheriv("aes-256-gcm", key, fromHex(nonce), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(payload.subarray(-TAG_BYTES));
    const opened = decipher.update(payload.subarray(0, -TAG_BYTES));
    // GCM holds nothing back, so the end brings no bytes: it only checks the tag.
    decipher.final();
    return opened;
  } catch (error) {
    throw new FileError("wrong-key", { cause: error });
  }
}
