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

/** How long copies that nobody can reach into are kept, as the operator has set it. */
export interface Retention {
  /** Backups of the database. 0: none are made. */
  backupHours: number;
  /** Histories of ended workflows. */
  historyHours: number;
}

/**
 * The receipt's body: each resource ever made for the instance, with its times and its outcome as read back, and until
 * when something of it may still lie in a copy. Holds no text of a person.
 */
export function receiptBody(
  instance: InstanceView,
  resources: readonly LedgerEntry[],
  retention: Retention,
  at: Date,
): string {
  const after = (hours: number) => new Date(at.getTime() + hours * HOUR_MS).toISOString();
  return JSON.stringify({
    version: 2,
    instanceId: instance.id,
    reason: instance.endReason,
    createdAt: instance.createdAt.toISOString(),
    endedAt: at.toISOString(),
    secretsAndTexts: "purged",
    horizon: {
      backups:
        retention.backupHours === 0
          ? "none are made"
          : `until ${after(retention.backupHours)}, readable with the platform's master key`,
      histories: `until ${after(retention.historyHours)}, ids and codes only`,
    },
    resources: resources.map((entry) => ({
      provider: entry.provider,
      kind: entry.kind,
      name: entry.name,
      externalId: entry.externalId ?? null,
      intendedAt: entry.intendedAt.toISOString(),
      settledAt: entry.stateSince.toISOString(),
      outcome: entry.outcome,
    })),
  });
}

const HOUR_MS = 3_600_000;
