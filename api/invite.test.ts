import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createInvite } from "../agent/convos/invite/create.ts";
import { verifyAgentsInvite, verifyInvite } from "./invite.ts";

const NOW = new Date("2026-11-01T00:00:00Z");
const inviter = { privateKey: randomBytes(32), inboxId: randomBytes(32).toString("hex") };
const group = { groupId: randomBytes(16).toString("hex"), tag: "abcdefghij" };

const invite = (options: {
  env?: "local" | "dev" | "production";
  expiresAt?: Date;
  conversationExpiresAt?: Date;
}) => createInvite({ ...inviter, ...group, env: "local", ...options });

test("an invite is the same however it is written", () => {
  const { url, slug } = invite({});
  const verified = verifyInvite(url, "local", NOW);
  expect(verified).toEqual({ identity: expect.stringMatching(/^[0-9a-f]{64}$/), isExpired: false });
  expect(verifyInvite(` ${slug} `, "local", NOW)).toEqual(verified);
  expect(verifyInvite(`convos-local://join/${slug}`, "local", NOW)).toEqual(verified);
});

test("a bare slug passes on every network, a link only on its own", () => {
  const { slug } = invite({});
  expect(() => verifyInvite(slug, "production", NOW)).not.toThrow();
  const dev = `https://dev.convos.org/v2?i=${slug}`;
  const production = `https://popup.convos.org/v2?i=${slug}`;
  expect(() => verifyInvite(dev, "dev", NOW)).not.toThrow();
  expect(() => verifyInvite(dev, "local", NOW)).not.toThrow();
  for (const [url, network] of [
    [dev, "production"],
    [production, "dev"],
    [production, "local"],
    [`https://app.convos.org/i/${slug}`, "dev"],
    [`https://local.convos.org/v2?i=${slug}`, "production"],
  ] as const) {
    expect(() => verifyInvite(url, network, NOW)).toThrow(
      expect.objectContaining({ code: "invite-foreign-network" }),
    );
  }
});

test("an invite that is over is the same one as before, and expired", () => {
  const past = new Date(NOW.getTime() - 60_000);
  const before = new Date(NOW.getTime() - 120_000);
  for (const { url } of [invite({ expiresAt: past }), invite({ conversationExpiresAt: past })]) {
    const verified = verifyInvite(url, "local", before);
    expect(verified.isExpired).toBe(false);
    expect(verifyInvite(url, "local", NOW)).toEqual({ ...verified, isExpired: true });
  }
});

test("what is no invite, or has a signature of nobody, is refused as invalid", () => {
  const { slug, url } = invite({});
  const bytes = Buffer.from(slug.replaceAll("*", ""), "base64url");
  // The last byte is the signature's recovery id, of which there are four.
  bytes[bytes.length - 1] = 9;
  for (const text of [
    "hello",
    "https://example.org/v2?i=abc",
    url.slice(0, -40),
    "https://local.convos.org/v2",
    bytes.toString("base64url"),
  ]) {
    expect(() => verifyInvite(text, "local", NOW)).toThrow(
      expect.objectContaining({ code: "invite-invalid" }),
    );
  }
});

test("what an agent gives as its own invite is one: signed, of its inbox, on our network, not expired", () => {
  const verify = (text: string, inboxId: string | undefined = inviter.inboxId): void =>
    verifyAgentsInvite(text, { network: "production", inboxId, now: NOW });
  const { url, slug } = invite({ env: "production" });
  expect(() => verify(url)).not.toThrow();
  const forged = createInvite({ ...inviter, ...group, inboxId: "ab".repeat(32), env: "production" }).url;
  const unsigned = Buffer.from(slug.replaceAll("*", ""), "base64url");
  unsigned[unsigned.length - 1] = 9;
  const past = new Date(NOW.getTime() - 60_000);
  for (const [text, inboxId] of [
    ["https://evil.example/", inviter.inboxId],
    [`https://evil.example/v2?i=${slug}`, inviter.inboxId],
    [unsigned.toString("base64url"), inviter.inboxId],
    [invite({ env: "dev" }).url, inviter.inboxId],
    [invite({ env: "production", expiresAt: past }).url, inviter.inboxId],
    [forged, inviter.inboxId],
    [url, "cd".repeat(32)],
  ] as const)
    expect(() => verify(text, inboxId), text).toThrow(expect.objectContaining({ code: "unavailable" }));
  const unknown = { network: "production", inboxId: undefined, now: NOW } as const;
  expect(() => verifyAgentsInvite(url, unknown)).toThrow(expect.objectContaining({ code: "unavailable" }));
});
