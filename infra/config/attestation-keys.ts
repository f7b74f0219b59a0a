import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { signAttestation } from "../../agent/convos/attestation.ts";
import type { AttestationKey } from "../../agent/convos/attestation-keys.ts";
import type { AgentAttestation } from "../../domain/attestation.ts";

const AN_INBOX_ID = /^[0-9a-f]{64}$/;

/** Attests that an inbox is an agent's; undefined where there is no key, and for what is no inbox id. */
export type Attester = (inboxId: string) => AgentAttestation | undefined;

/**
 * The keys of `ATTESTATION_KEYS`, in their order; none when it is not set. A key's id is made from its public half (the
 * first 16 hex of the SHA-256 of its SPKI), so that nobody has to name it and it cannot be another key's.
 */
export function attestationKeysOf(variable: string | undefined): readonly AttestationKey[] {
  const keys = (variable?.split(",") ?? []).map((base64): AttestationKey => {
    const key = createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
    return { keyId: keyIdOf(key), key };
  });
  return Object.freeze(keys);
}

/** The first key signs; the others are published beside it. */
export function attesterOf([signing]: readonly AttestationKey[]): Attester {
  return (inboxId) =>
    signing === undefined || !AN_INBOX_ID.test(inboxId)
      ? undefined
      : { inboxId, ...signAttestation(signing, inboxId, new Date()) };
}

function keyIdOf(key: KeyObject): string {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return createHash("sha256").update(spki).digest("hex").slice(0, 16);
}
