import { createPublicKey, type KeyObject } from "node:crypto";
import { fromBase64url } from "./bytes.ts";
import { isJsonObject } from "./content-types/json.ts";
import { formatIsoSeconds, parseIsoDate } from "./time.ts";

/**
 * One Ed25519 key that attests agents. Keys are rotated by publishing several: the new one signs, the old one stays
 * published until nothing it signed counts any more.
 */
export interface AttestationKey {
  /** 1 to 128 characters, unique among the published keys. */
  readonly keyId: string;
  /** The private key where it signs; either half where it verifies or is published. */
  readonly key: KeyObject;
  /** The instant after which clients do not take the key any more; absent is never. */
  readonly expiresAt?: Date | undefined;
}

/** The JSON document at `/.well-known/agents.json`: a JWK set of public Ed25519 keys. */
export interface AttestationJwks {
  readonly keys: readonly {
    readonly kid: string;
    readonly kty: "OKP";
    readonly crv: "Ed25519";
    /** The 32-byte public key in base64url. */
    readonly x: string;
    readonly use: "sig";
    /** ISO 8601. */
    readonly exp?: string;
  }[];
}

const MAX_KEYS = 32;
const MAX_KEY_ID_CHARS = 128;
const PUBLIC_KEY_BYTES = 32;

/**
 * Only public halves are in the document, whatever the keys hold.
 * Throws a RangeError for over 32 keys, a repeated or unusable id and a key that is not Ed25519.
 */
export function jwksOf(keys: readonly AttestationKey[]): AttestationJwks {
  if (keys.length > MAX_KEYS) throw new RangeError(`at most ${MAX_KEYS} attestation keys are published`);
  if (new Set(keys.map(({ keyId }) => keyId)).size !== keys.length) {
    throw new RangeError("two attestation keys have the same id");
  }
  return {
    keys: keys.map(({ keyId, key, expiresAt }) => {
      if (!isKeyId(keyId)) throw new RangeError("the id of an attestation key is 1 to 128 characters long");
      return {
        kid: keyId,
        kty: "OKP",
        crv: "Ed25519",
        x: publicHalf(key),
        use: "sig",
        ...(expiresAt ? { exp: formatIsoSeconds(expiresAt) } : {}),
      };
    }),
  };
}

/**
 * The usable keys of a published document, at most the first 32; undefined when it is no JWK set.
 * Keys of other kinds and malformed ones are left out.
 */
export function keysOfJwks(document: unknown): readonly AttestationKey[] | undefined {
  if (!isJsonObject(document) || !Array.isArray(document.keys)) return undefined;
  return document.keys.slice(0, MAX_KEYS).flatMap((jwk: unknown) => keyOfJwk(jwk) ?? []);
}

function keyOfJwk(jwk: unknown): AttestationKey | undefined {
  if (!isJsonObject(jwk)) return undefined;
  const { kid, kty, crv, x, use = "sig", exp } = jwk;
  if (kty !== "OKP" || crv !== "Ed25519" || use !== "sig") return undefined;
  if (typeof kid !== "string" || !isKeyId(kid)) return undefined;
  if (typeof x !== "string" || fromBase64url(x)?.length !== PUBLIC_KEY_BYTES) return undefined;
  const key = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
  if (exp === undefined) return { keyId: kid, key };
  const expiresAt = typeof exp === "string" ? parseIsoDate(exp) : undefined;
  return expiresAt && { keyId: kid, key, expiresAt };
}

const isKeyId = (text: string): boolean => text.length > 0 && text.length <= MAX_KEY_ID_CHARS;

function publicHalf(key: KeyObject): string {
  if (key.asymmetricKeyType !== "ed25519") throw new RangeError("an attestation key is an Ed25519 key");
  const { x } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  if (x === undefined) throw new RangeError("an attestation key is an Ed25519 key");
  return x;
}
