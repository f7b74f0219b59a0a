import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import Type from "typebox";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";

const RAW_KEY_BYTES = 32;

/** The account's key for webhooks. It outlives the process, as receivers are set up with its public half. */
export class WebhookSigner {
  /** Base64 of the 32 raw bytes, as the SDK takes it. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor(store: RecordStore) {
    const keys = new Collection(store, "signingKey", Type.String());
    let stored = keys.get("account");
    if (stored === undefined) {
      stored = generateKeyPairSync("ed25519")
        .privateKey.export({ type: "pkcs8", format: "der" })
        .toString("base64");
      keys.put("account", stored);
    }
    this.#privateKey = createPrivateKey({
      key: Buffer.from(stored, "base64"),
      type: "pkcs8",
      format: "der",
    });
    const spki = createPublicKey(this.#privateKey).export({ type: "spki", format: "der" });
    this.publicKey = spki.subarray(-RAW_KEY_BYTES).toString("base64");
  }

  /** The headers of a webhook: Ed25519 over `timestamp|body`, in seconds of real time, as receivers compare it. */
  headers(
    rawBody: string,
    faulty: { staleTimestamp: boolean; badSignature: boolean },
  ): Record<string, string> {
    const now = Math.floor(Date.now() / 1000);
    const timestamp = faulty.staleTimestamp ? now - 3_600 : now;
    const signed = faulty.badSignature ? `${timestamp}|${rawBody} ` : `${timestamp}|${rawBody}`;
    return {
      "content-type": "application/json",
      "telnyx-timestamp": String(timestamp),
      "telnyx-signature-ed25519": sign(null, Buffer.from(signed), this.#privateKey).toString("base64"),
    };
  }
}
