import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { verifyAttestation } from "../../agent/convos/attestation.ts";
import { jwksOf, keysOfJwks } from "../../agent/convos/attestation-keys.ts";
import { parseConfig } from "../../api/config.ts";
import { attestationKeysOf, attesterOf } from "./attestation-keys.ts";

const INBOX = "a1".repeat(32);
const MINIMAL = {
  DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none",
  API_KEY: "0123456789abcdef",
  MASTER_KEY: Buffer.alloc(32).toString("base64"),
};
const newKey = (type: "ed25519" | "x25519" = "ed25519"): string => {
  const { privateKey } = type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519");
  return privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
};
const keysFrom = (variable: string) =>
  parseConfig({ ...MINIMAL, ATTESTATION_KEYS: variable }).attestationKeys;

test("the first key signs and all are published, each under an id of its own", () => {
  const [present, former] = [newKey(), newKey()];
  const ring = keysFrom(`${present},${former}`);
  const published = keysOfJwks(JSON.parse(JSON.stringify(jwksOf(ring)))) ?? [];
  expect(published.map(({ keyId }) => keyId)).toEqual(ring.map(({ keyId }) => keyId));
  expect(new Set(published.map(({ keyId }) => keyId)).size).toBe(2);
  expect(published.every(({ key }) => key.type === "public")).toBe(true);
  const attestation = attesterOf(ring)(INBOX);
  expect(attestation).toMatchObject({ inboxId: INBOX, keyId: ring[0]?.keyId });
  if (!attestation) throw new Error("it was not attested");
  expect(verifyAttestation(published, INBOX, attestation, { at: new Date() })).toBe("verified");
  expect(verifyAttestation(published, "b2".repeat(32), attestation, { at: new Date() })).toBe(
    "bad-signature",
  );
});

test("a key keeps its id when another is put before it", () => {
  const [present, former] = [newKey(), newKey()];
  expect(keysFrom(`${present},${former}`)[1]?.keyId).toBe(keysFrom(former)[0]?.keyId);
});

test("without keys nothing is attested, with them nothing but an inbox id", () => {
  expect(attestationKeysOf(undefined)).toEqual([]);
  expect(attesterOf([])(INBOX)).toBeUndefined();
  const attest = attesterOf(keysFrom(newKey()));
  for (const id of ["", "inbox", INBOX.toUpperCase(), `${INBOX}0`]) expect(attest(id)).toBeUndefined();
});

test.each([
  ["another kind of key", () => newKey("x25519")],
  ["no key", () => "AAAA"],
  ["an empty place", () => `${newKey()},`],
  ["one twice", () => [newKey()].flatMap((key) => [key, ` ${key}`]).join(",")],
  ["six", () => Array.from({ length: 6 }, () => newKey()).join(",")],
])("%s is refused and not quoted", (_, make) => {
  const variable = make();
  const parse = () => keysFrom(variable);
  expect(parse).toThrow("ATTESTATION_KEYS is invalid");
  expect(parse).not.toThrow(variable.slice(0, 20));
});
