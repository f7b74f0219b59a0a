import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type Attestation,
  attestationDigest,
  attestationMetadata,
  readAttestation,
  signAttestation,
  verifyAttestation,
} from "./attestation.ts";
import { type AttestationKey, jwksOf, keysOfJwks } from "./attestation-keys.ts";
import { hex, vectors } from "./testdata/vectors.ts";

const vector = vectors.attestation;
const { inboxId } = vector;
const at = new Date(vector.timestamp);
const after = (ms: number): Date => new Date(at.getTime() + ms);
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const key: AttestationKey = {
  keyId: vector.kid,
  key: createPrivateKey({
    key: {
      kty: "OKP",
      crv: "Ed25519",
      d: Buffer.from(hex(vector.ed25519Seed)).toString("base64url"),
      x: vector.publicKeyBase64url,
    },
    format: "jwk",
  }),
};
const attestation: Attestation = {
  signature: vector.signature,
  timestamp: vector.timestamp,
  keyId: vector.kid,
};
const published = keysOfJwks(vector.jwks) ?? [];
const newKey = (keyId: string): AttestationKey => ({
  keyId,
  key: generateKeyPairSync("ed25519").privateKey,
});

describe("an attestation", () => {
  it("is byte-exact", () => {
    expect(attestationDigest(inboxId, vector.timestamp)).toEqual(hex(vector.messageSha256));
    expect(signAttestation(key, inboxId, at)).toEqual(attestation);
    expect(verifyAttestation(published, inboxId, attestation, { at })).toBe("verified");
  });

  it("is signed in whole seconds", () => {
    expect(signAttestation(key, inboxId, after(999))).toEqual(attestation);
  });

  it("is nobody else's, of no other time and by no other key", () => {
    const verdict = (change: Partial<Attestation>, of = inboxId) =>
      verifyAttestation([key, newKey("other")], of, { ...attestation, ...change }, { at });
    expect(verdict({})).toBe("verified");
    expect(verdict({}, "0".repeat(64))).toBe("bad-signature");
    expect(verdict({ timestamp: "2026-03-11T20:00:01Z" })).toBe("bad-signature");
    expect(verdict({ timestamp: "2026-03-11T20:00:00.000Z" })).toBe("bad-signature");
    expect(verdict({ keyId: "other" })).toBe("bad-signature");
    expect(verdict({ keyId: "third" })).toBe("unknown-key");
    const bytes = Buffer.from(vector.signature, "base64url");
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes.map((byte, place) => (place === index ? byte ^ 1 : byte)));
      expect(verdict({ signature: changed.toString("base64url") })).toBe("bad-signature");
    }
  });

  it.each([
    ["a signature cut short", inboxId, { signature: vector.signature.slice(0, -2) }],
    ["a signature in base64", inboxId, { signature: `${vector.signature}==` }],
    ["an empty signature", inboxId, { signature: "" }],
    ["a date without a time", inboxId, { timestamp: "2026-03-11" }],
    ["a time that is none", inboxId, { timestamp: "2026-13-11T20:00:00Z" }],
    ["an inbox id in capitals", inboxId.toUpperCase(), {}],
    ["an inbox id cut short", inboxId.slice(1), {}],
  ])("with %s is malformed", (_, of, change) => {
    expect(verifyAttestation(published, of, { ...attestation, ...change }, { at })).toBe("malformed");
  });

  it.each([
    ["at once", 0, "verified"],
    ["by a clock a minute behind", -MINUTE_MS, "verified"],
    ["by a clock further behind", -MINUTE_MS - 1, "from-the-future"],
    ["for a day", DAY_MS, "verified"],
    ["no longer", DAY_MS + 1, "too-old"],
  ])("counts %s", (_, ms, verdict) => {
    expect(verifyAttestation(published, inboxId, attestation, { at: after(ms) })).toBe(verdict);
  });

  it("counts as long as the verifier says", () => {
    const options = { maxAgeMs: 1_000, clockSkewMs: 0 };
    const verdict = (ms: number) =>
      verifyAttestation(published, inboxId, attestation, { at: after(ms), ...options });
    expect([-1, 0, 1_000, 1_001].map(verdict)).toEqual([
      "from-the-future",
      "verified",
      "verified",
      "too-old",
    ]);
  });

  it("travels in profile metadata", () => {
    const metadata = attestationMetadata(attestation);
    expect(metadata).toEqual({
      attestation: vector.signature,
      attestation_ts: vector.timestamp,
      attestation_kid: vector.kid,
    });
    expect(readAttestation({ ...metadata, timezone: "Europe/Paris" })).toEqual(attestation);
    for (const name of Object.keys(metadata)) {
      const rest = Object.fromEntries(Object.entries(metadata).filter(([other]) => other !== name));
      expect(readAttestation(rest)).toBeUndefined();
      expect(readAttestation({ ...rest, [name]: 1 })).toBeUndefined();
    }
  });

  it("is not signed for what is no inbox id or with what is no usable key", () => {
    expect(() => signAttestation(key, inboxId.toUpperCase(), at)).toThrow(RangeError);
    expect(() => signAttestation(key, "", at)).toThrow(RangeError);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(() => signAttestation({ ...key, key: privateKey }, inboxId, at)).toThrow(RangeError);
    expect(() => signAttestation({ ...key, key: createPublicKey(key.key) }, inboxId, at)).toThrow(RangeError);
    expect(signAttestation({ ...key, expiresAt: at }, inboxId, at)).toEqual(attestation);
    expect(() => signAttestation({ ...key, expiresAt: after(-1) }, inboxId, at)).toThrow(RangeError);
  });
});

describe("the published keys", () => {
  it("are byte-exact, from either half", () => {
    const text = JSON.stringify(vector.jwks);
    expect(JSON.stringify(jwksOf([key]))).toBe(text);
    expect(JSON.stringify(jwksOf([{ ...key, key: createPublicKey(key.key) }]))).toBe(text);
    expect(JSON.stringify(jwksOf(published))).toBe(text);
  });

  it("rotate: the old key's attestations count until it expires", () => {
    const next = newKey("next");
    const keys = keysOfJwks(JSON.parse(JSON.stringify(jwksOf([next, { ...key, expiresAt: after(DAY_MS) }]))));
    if (keys === undefined) throw new Error("the document was not read");
    expect(keys.map(({ keyId, expiresAt }) => ({ keyId, expiresAt }))).toEqual([
      { keyId: "next", expiresAt: undefined },
      { keyId: vector.kid, expiresAt: after(DAY_MS) },
    ]);
    const signedByNext = signAttestation(next, inboxId, at);
    expect(verifyAttestation(keys, inboxId, signedByNext, { at })).toBe("verified");
    expect(verifyAttestation(keys, inboxId, attestation, { at: after(DAY_MS) })).toBe("verified");
    const later = { at: after(DAY_MS + 1), maxAgeMs: 2 * DAY_MS };
    expect(verifyAttestation(keys, inboxId, attestation, later)).toBe("key-expired");
    expect(verifyAttestation(keys, inboxId, signedByNext, later)).toBe("verified");
    expect(verifyAttestation([next], inboxId, attestation, { at })).toBe("unknown-key");
  });

  it("are read without those that cannot be used", () => {
    const [good] = vector.jwks.keys;
    const bad = [
      { ...good, kty: "EC" },
      { ...good, crv: "X25519" },
      { ...good, use: "enc" },
      { ...good, kid: "" },
      { ...good, kid: "k".repeat(129) },
      { ...good, kid: 5 },
      { ...good, x: vector.publicKeyBase64url.slice(0, -2) },
      { ...good, x: undefined },
      { ...good, exp: "tomorrow" },
      { ...good, exp: 1_800_000_000 },
      null,
      "key",
    ];
    expect(keysOfJwks({ keys: bad })).toEqual([]);
    const { use: _, ...withoutUse } = good ?? {};
    expect(keysOfJwks({ keys: [...bad, withoutUse] })?.map(({ keyId }) => keyId)).toEqual([vector.kid]);
    expect(keysOfJwks({ keys: Array.from({ length: 40 }, () => good) })?.length).toBe(32);
    for (const document of [undefined, null, [], {}, { keys: {} }]) {
      expect(keysOfJwks(document)).toBeUndefined();
    }
  });

  it("are refused when they are ambiguous, too many or of another kind", () => {
    expect(jwksOf([])).toEqual({ keys: [] });
    expect(() => jwksOf([key, newKey(key.keyId)])).toThrow(RangeError);
    expect(() => jwksOf([{ ...key, keyId: "" }])).toThrow(RangeError);
    expect(() => jwksOf(Array.from({ length: 33 }, (_, index) => ({ ...key, keyId: `${index}` })))).toThrow(
      RangeError,
    );
    const { publicKey } = generateKeyPairSync("x25519");
    expect(() => jwksOf([{ ...key, key: publicKey }])).toThrow(RangeError);
  });
});
