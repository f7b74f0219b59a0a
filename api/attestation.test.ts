import { generateKeyPairSync, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handOver, recordInboxes } from "../activities/registry/instances.ts";
import { verifyAttestation } from "../agent/convos/attestation.ts";
import { type AttestationKey, keysOfJwks } from "../agent/convos/attestation-keys.ts";
import type { InstanceId } from "../domain/ids.ts";
import { attestationKeysOf, attesterOf } from "../infra/config/attestation-keys.ts";
import { type Fixture, startFixture } from "./testing/fixture.ts";
import { type Answer, call } from "./testing/http.ts";
import { bindClaim, reportingInstance } from "./testing/instances.ts";

const [INBOX, JOIN_INBOX] = ["a1".repeat(32), "a2".repeat(32)];
const DAY_MS = 24 * 60 * 60_000;
const newKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
const [PRESENT, FORMER, FOREIGN] = [newKey(), newKey(), newKey()];

let fixture: Fixture;
let url: string;
let instance: { id: InstanceId; secret: string };
let published: readonly AttestationKey[];

beforeAll(async () => {
  fixture = await startFixture();
  ({ url } = await fixture.startAnother({ ATTESTATION_KEYS: `${PRESENT},${FORMER}` }));
  instance = await servingInstance(INBOX, JOIN_INBOX);
  published = keysOfJwks((await call(url, "/.well-known/agents.json", { token: "" })).body) ?? [];
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** An instance whose agent serves a claim as the first of the two inboxes, or as the other. */
async function servingInstance(inboxId: string, joinInboxId: string) {
  const { registry } = fixture;
  const reporting = await reportingInstance(registry);
  await recordInboxes(registry, reporting.id, { inboxId, joinInboxId });
  await handOver(registry, reporting.id);
  expect((await bindClaim(registry, reporting.id)).instanceId).toBe(reporting.id);
  return reporting;
}
const signedBy = (key: string, inboxId = INBOX) => {
  const attestation = attesterOf(attestationKeysOf(key))(inboxId);
  if (!attestation) throw new Error("it was not attested");
  return attestation;
};
const renew = (body: unknown, at = url, { id, secret } = instance): Promise<Answer> =>
  call(at, `/api/instances/${id}/attestation`, { body, token: secret });

test("the keys are public, may be cached, and hold no private part", async () => {
  const { status, headers, body, text } = await call(url, "/.well-known/agents.json", { token: "" });
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("public, max-age=300");
  expect(body.keys).toHaveLength(2);
  for (const key of body.keys) expect(Object.keys(key).sort()).toEqual(["crv", "kid", "kty", "use", "x"]);
  expect(body.keys[0]).toMatchObject({ kty: "OKP", crv: "Ed25519", use: "sig" });
  for (const key of [PRESENT, FORMER]) {
    const seed = Buffer.from(key, "base64").subarray(-32);
    expect(text).not.toContain(seed.toString("base64url"));
  }
});

test("a gateway without keys publishes an empty list and renews nothing", async () => {
  expect((await call(fixture.gateway.url, "/.well-known/agents.json", { token: "" })).body).toEqual({
    keys: [],
  });
  const { status, body } = await renew(signedBy(PRESENT), fixture.gateway.url);
  expect([status, body.code]).toEqual([409, "conflict"]);
});

test("an attestation is renewed by the key that signs now, however old and whichever of ours signed it", async () => {
  const { status, headers, body } = await renew(signedBy(FORMER));
  expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(body).toMatchObject({ inboxId: INBOX, keyId: published[0]?.keyId });
  expect(verifyAttestation(published, INBOX, body, { at: new Date() })).toBe("verified");
  // It counts from now on, as the one before did from its time on.
  expect(verifyAttestation(published, INBOX, body, { at: new Date(Date.now() + 2 * DAY_MS) })).toBe(
    "too-old",
  );
});

test("nobody gets one for another inbox, by another's key or by another time", async () => {
  const ours = signedBy(PRESENT);
  const forged = [
    { ...ours, inboxId: "b2".repeat(32) },
    { ...ours, timestamp: "2026-01-01T00:00:00Z" },
    { ...signedBy(FOREIGN), keyId: ours.keyId },
    signedBy(FOREIGN),
  ];
  for (const body of forged) expect((await renew(body)).status).toBe(409);
  expect((await renew({ inboxId: INBOX })).status).toBe(400);
});

test("an inbox that we have signed is renewed for its own instance alone, for either of its inboxes", async () => {
  const other = await servingInstance("c3".repeat(32), "c4".repeat(32));
  const { status, body } = await renew(signedBy(PRESENT), url, other);
  expect([status, body.code]).toEqual([409, "conflict"]);
  expect((await renew(signedBy(PRESENT, "c4".repeat(32)), url, other)).status).toBe(200);
  expect((await renew(signedBy(PRESENT, JOIN_INBOX))).status).toBe(200);
});

test.each([
  ["is set aside", { state: "quarantined" }],
  ["explodes", { state: "exploding", desired: "absent", end_reason: "operator" }],
  ["is to end", { desired: "absent", end_reason: "operator" }],
] as const)("an instance that %s has nothing renewed", async (_how, change) => {
  const [inbox, joining] = [randomBytes(32).toString("hex"), randomBytes(32).toString("hex")];
  const serving = await servingInstance(inbox, joining);
  expect((await renew(signedBy(PRESENT, inbox), url, serving)).status).toBe(200);
  await fixture.registry.db.updateTable("instances").set(change).where("id", "=", serving.id).execute();
  const { status, body } = await renew(signedBy(PRESENT, inbox), url, serving);
  expect([status, body.code]).toEqual([409, "conflict"]);
});

test("an instance that serves nobody, or nobody any more, has nothing renewed", async () => {
  const inboxes = { inboxId: "d5".repeat(32), joinInboxId: "d6".repeat(32) };
  const idle = await reportingInstance(fixture.registry);
  await recordInboxes(fixture.registry, idle.id, inboxes);
  expect((await renew(signedBy(PRESENT, inboxes.inboxId), url, idle)).status).toBe(409);
  const former = await servingInstance("e7".repeat(32), "e8".repeat(32));
  const { db } = fixture.registry;
  await db.updateTable("bindings").set({ state: "abandoned" }).where("instance_id", "=", former.id).execute();
  expect((await renew(signedBy(PRESENT, "e7".repeat(32)), url, former)).status).toBe(409);
});
