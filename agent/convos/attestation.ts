import { createHash, sign, verify } from "node:crypto";
import type { AttestationKey } from "./attestation-keys.ts";
import { fromBase64url, toBase64url } from "./bytes.ts";
import type { ProfileMetadata } from "./content-types/profile.ts";
import { formatIsoSeconds, parseIsoDate } from "./time.ts";

/** What makes clients show an agent as verified: its maker's Ed25519 signature over its inbox id and the time. */
export interface Attestation {
  /** 64 bytes in base64url. */
  readonly signature: string;
  /** ISO 8601, signed as the very text it is. */
  readonly timestamp: string;
  /** Names the key in the maker's published JWK set. */
  readonly keyId: string;
}

export type AttestationVerdict =
  | "verified"
  | "malformed"
  | "unknown-key"
  | "key-expired"
  | "too-old"
  | "from-the-future"
  | "bad-signature";

export interface VerifyAttestationOptions {
  /** The instant to judge by: when the profile that carries the attestation was sent, or now. */
  readonly at: Date;
  /** A day unless told otherwise, as the clients have it. */
  readonly maxAgeMs?: number | undefined;
  /** How far the signer's clock may be ahead of ours; a minute unless told otherwise, as the clients have it. */
  readonly clockSkewMs?: number | undefined;
}

const INBOX_ID = /^[0-9a-f]{64}$/;
const SIGNATURE_BYTES = 64;
const MAX_AGE_MS = 24 * 60 * 60 * 1000;
const CLOCK_SKEW_MS = 60 * 1000;

/** What is signed: the SHA-256 of the inbox id and the timestamp, one after the other as text. */
export const attestationDigest = (inboxId: string, timestamp: string): Uint8Array =>
  new Uint8Array(createHash("sha256").update(inboxId, "utf8").update(timestamp, "utf8").digest());

/**
 * Attests that this inbox id is an agent of ours at this time, in whole seconds.
 * Throws a RangeError for an inbox id that is not 64 lower-case hexadecimal digits and for a key that is not a private
 * Ed25519 key or has expired.
 */
export function signAttestation(key: AttestationKey, inboxId: string, at: Date): Attestation {
  if (!INBOX_ID.test(inboxId)) throw new RangeError("an inbox id is 64 lower-case hexadecimal digits");
  if (key.key.type !== "private" || key.key.asymmetricKeyType !== "ed25519") {
    throw new RangeError("only a private Ed25519 key can attest");
  }
  if (isExpired(key, at)) throw new RangeError("the attestation key has expired");
  const timestamp = formatIsoSeconds(at);
  const signature = sign(null, attestationDigest(inboxId, timestamp), key.key);
  return { signature: toBase64url(signature), timestamp, keyId: key.keyId };
}

/** Whether one of these keys attested this inbox id at a time that still counts; the first reason why not otherwise. */
export function verifyAttestation(
  keys: readonly AttestationKey[],
  inboxId: string,
  { signature, timestamp, keyId }: Attestation,
  { at, maxAgeMs = MAX_AGE_MS, clockSkewMs = CLOCK_SKEW_MS }: VerifyAttestationOptions,
): AttestationVerdict {
  const signedAt = parseIsoDate(timestamp);
  const signatureBytes = fromBase64url(signature);
  if (!INBOX_ID.test(inboxId) || signedAt === undefined || signatureBytes?.length !== SIGNATURE_BYTES) {
    return "malformed";
  }
  const key = keys.find((candidate) => candidate.keyId === keyId);
  if (key === undefined) return "unknown-key";
  if (isExpired(key, at)) return "key-expired";
  const ageMs = at.getTime() - signedAt.getTime();
  if (ageMs > maxAgeMs) return "too-old";
  if (ageMs < -clockSkewMs) return "from-the-future";
  const digest = attestationDigest(inboxId, timestamp);
  return verify(null, digest, key.key, signatureBytes) ? "verified" : "bad-signature";
}

/** The entries of the agent's profile metadata that carry its attestation. */
export const attestationMetadata = ({ signature, timestamp, keyId }: Attestation) =>
  ({
    attestation: signature,
    attestation_ts: timestamp,
    attestation_kid: keyId,
  }) satisfies ProfileMetadata;

/** The attestation in a profile's metadata; undefined when one of its three entries is missing or is no text. */
export function readAttestation(metadata: ProfileMetadata): Attestation | undefined {
  const { attestation, attestation_ts: timestamp, attestation_kid: keyId } = metadata;
  if (typeof attestation !== "string" || typeof timestamp !== "string" || typeof keyId !== "string") {
    return undefined;
  }
  return { signature: attestation, timestamp, keyId };
}

const isExpired = ({ expiresAt }: AttestationKey, at: Date): boolean =>
  expiresAt !== undefined && expiresAt.getTime() < at.getTime();
