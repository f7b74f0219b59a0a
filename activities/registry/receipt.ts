import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { StoredReceipt } from "./end.ts";
import type { InstanceView } from "./instances.ts";
import type { LedgerEntry } from "./ledger.ts";

/**
 * Signs what became of an instance: Ed25519 over the UTF-8 of the receipt's body, a JSON text that is kept and
 * handed out byte for byte. `keyId` is the first 16 hex of the SHA-256 of the public key (SPKI).
 */
export class ReceiptSigner {
  readonly #key: KeyObject;
  readonly keyId: string;
  readonly publicKeyPem: string;

  constructor(pkcs8: Buffer) {
    this.#key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(this.#key);
    this.publicKeyPem = publicKey.export({ format: "pem", type: "spki" }).toString();
    const digest = createHash("sha256").update(publicKey.export({ format: "der", type: "spki" }));
    this.keyId = digest.digest("hex").slice(0, 16);
  }

  sign(body: string): StoredReceipt {
    return {
      body,
      signature: sign(null, Buffer.from(body), this.#key).toString("base64url"),
      keyId: this.keyId,
    };
  }
}

/** The receipt's body: each resource ever made for the instance, with its outcome. Holds no text of a person. */
export function receiptBody(instance: InstanceView, resources: readonly LedgerEntry[], at: Date): string {
  return JSON.stringify({
    version: 1,
    instanceId: instance.id,
    reason: instance.endReason,
    createdAt: instance.createdAt.toISOString(),
    endedAt: at.toISOString(),
    secretsAndTexts: "purged",
    resources: resources.map(({ provider, kind, name, externalId, outcome }) => ({
      provider,
      kind,
      name,
      externalId: externalId ?? null,
      outcome,
    })),
  });
}
