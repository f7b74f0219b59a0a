import { createPrivateKey } from "node:crypto";
import { Type } from "typebox";

/** An absolute URL without a query, which could hold a secret. */
export const Url = { pattern: "^https?://[^\\s/?#]+(/[^\\s?#]*)?$", maxLength: 2_048 };

export const ReceiptKey = Type.Refine(
  Type.String({
    maxLength: 512,
    description:
      "Ed25519 private key (PKCS #8 DER in base64) that signs receipts; its public part is at `/.well-known/jwks.json`. A secret.",
  }),
  isEd25519PrivateKey,
);

const MAX_ATTESTATION_KEYS = 5;

/** What the gateway and the workers of one platform have to agree on. */
export const PlatformVariables = {
  PROVIDER_BUDGETS: Type.String({
    default: "{}",
    pattern: "^\\{",
    maxLength: 4_096,
    description:
      'JSON object: other rates than the default ones, `{"openrouter/requests":{"capacity":5,"refillPerSecond":5}}`.',
  }),
  DATABASE_URL: Type.String({
    pattern: "^postgres(ql)?://",
    maxLength: 2_048,
    description: "Postgres with the registry. A secret: it holds the password.",
  }),
  TEMPORAL_ADDRESS: Type.String({
    pattern: "^[^\\s:/]+:[0-9]{1,5}$",
    default: "127.0.0.1:7233",
    description: "Temporal's frontend, `host:port`.",
  }),
  TEMPORAL_NAMESPACE: Type.String({
    pattern: "^[A-Za-z0-9._-]{1,255}$",
    default: "default",
    description: "Temporal namespace; one for each environment.",
  }),
  MASTER_KEY: Type.String({
    pattern: "^[A-Za-z0-9+/]{43}=$",
    description: "32 bytes in base64; seals what callers and agents entrust to the platform. A secret.",
  }),
  MASTER_KEY_PREVIOUS: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9+/]{43}=(,[A-Za-z0-9+/]{43}=){0,4}$",
      description:
        "Up to five other master keys, separated by commas: what they sealed can be opened, nothing is sealed with them. For rotation (`SECURITY.md`). A secret.",
    }),
  ),
  DIGEST_KEY: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9+/]{43}=$",
      description:
        "32 bytes in base64; keys the digests by which repeated claims are known. By default MASTER_KEY; required beside MASTER_KEY_PREVIOUS, as it has to stay when that changes. A secret.",
    }),
  ),
  ATTESTATION_KEYS: Type.Optional(
    Type.Refine(
      Type.String({
        maxLength: 1_024,
        description:
          "Up to five Ed25519 private keys (PKCS #8 DER in base64), separated by commas: the first attests that agents are this platform's, the public parts of all are at `/.well-known/agents.json`. For rotation see `SECURITY.md`. Without it, agents are not shown as verified. A secret.",
      }),
      areAttestationKeys,
    ),
  ),
  TEMPORAL_CODEC: Type.Union([Type.Literal("off"), Type.Literal("on")], {
    default: "off",
    description:
      "`on`: what workflows and activities are given and answer is sealed before it reaches Temporal. Sealed histories are read either way.",
  }),
  // A resource's name has at most 32 characters: these two, the instance's 12 and two hyphens.
  ENVIRONMENT: Type.String({
    pattern: "^[a-z0-9]{1,12}$",
    default: "local",
    description: "Part of every external resource's name.",
  }),
  RESOURCE_PREFIX: Type.String({
    pattern: "^[a-z0-9]{1,6}$",
    default: "cv",
    description: "First part of every external resource's name.",
  }),
  POOL: Type.String({
    pattern: "^[a-z0-9-]{1,32}$",
    default: "default",
    description: "The pool that is kept and served.",
  }),
};

function areAttestationKeys(list: string): boolean {
  const keys = list.split(",");
  // The same key may be spelt in several ways.
  const distinct = new Set(keys.map((key) => Buffer.from(key, "base64").toString("hex")));
  return (
    keys.length <= MAX_ATTESTATION_KEYS && distinct.size === keys.length && keys.every(isEd25519PrivateKey)
  );
}

function isEd25519PrivateKey(base64: string): boolean {
  try {
    const key = createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
    return key.asymmetricKeyType === "ed25519";
  } catch {
    // OpenSSL's reason says nothing that the operator could use beyond: this is no such key.
    return false;
  }
}
