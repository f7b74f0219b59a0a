import { describe, expect, it } from "vitest";
import { fromBase64url, toHex } from "../bytes.ts";
import { hex, type InviteVector, vectors } from "../testdata/vectors.ts";
import { inspectInvite, verifyInviteAsInviter } from "./inspect.ts";
import { type Invite, parseInvite } from "./invite.ts";
import { decodePayload, encodePayload, encodeSignedInvite } from "./payload.ts";
import { hashPayload, isSignedBy, recoverPublicKey, signPayload } from "./signature.ts";
import { decodeSlug, encodeSlug } from "./slug.ts";
import { inviteUrl } from "./url.ts";

const NOW = new Date("2026-06-11T10:20:30Z");

function parsed(text: string): Invite {
  const result = parseInvite(text);
  if (!result.ok) throw new Error(`not an invite: ${result.reason}`);
  return result.invite;
}

/** The vectors' words for what the inviter does. */
function outcomeOf(vector: InviteVector, inboxId: string): string {
  const result = parseInvite(vector.slug);
  if (!result.ok) return "not-an-invite";
  const privateKey = hex(vector.verifyWithPrivateKey);
  const verification = verifyInviteAsInviter(result.invite, { inboxId, privateKey, now: NOW });
  switch (verification.outcome) {
    case "ours":
      return "accept";
    case "forged":
      return "block-dm";
    case "conversation-expired":
      return "error:conversation_expired";
    case "ignore":
      return {
        "invite-expired": "ignore-silently",
        "other-inviter": "creator-mismatch",
        "unreadable-token": "reject-silently",
      }[verification.reason];
  }
}

/** The inbox that each key of the vectors belongs to. */
const inboxOfKey = new Map(vectors.tokens.map((token) => [token.privateKey, token.creatorInboxId]));
for (const { verifyWithPrivateKey, fields } of vectors.invites)
  inboxOfKey.set(verifyWithPrivateKey, fields.creatorInboxId);
const inboxOf = (vector: InviteVector): string => inboxOfKey.get(vector.verifyWithPrivateKey) ?? "";

describe.each([...vectors.invites, ...vectors.negativeInvites.filter(({ id }) => id !== "N14")])(
  "invite $id ($note)",
  (vector) => {
    it("parses into the fields, the signed bytes and their hash", () => {
      const invite = parsed(vector.slug);
      const { fields } = vector;
      expect(invite).toMatchObject({
        creatorInboxId: fields.creatorInboxId,
        tag: fields.tag,
        name: fields.name,
        description: fields.description,
        imageUrl: fields.imageURL,
        emoji: fields.emoji,
        expiresAtUnix: fields.expiresAtUnix,
        conversationExpiresAtUnix: fields.conversationExpiresAtUnix,
        expiresAfterUse: fields.expiresAfterUse,
        hash: vector.payloadSha256,
        network: undefined,
      });
      expect(toHex(invite.conversationToken)).toBe(fields.conversationToken);
      expect(toHex(invite.payload)).toBe(vector.payload);
      expect(toHex(invite.signature)).toBe(vector.signature);
      expect(toHex(encodeSignedInvite(invite))).toBe(vector.signedInvite);
    });

    it("is written as the uncompressed slug", () => {
      const slug = encodeSlug({ payload: hex(vector.payload), signature: hex(vector.signature) });
      expect(parsed(vector.slug).slug).toBe(slug);
      expect(toHex(fromBase64url(slug.replaceAll("*", "")) ?? new Uint8Array())).toBe(vector.signedInvite);
      if (vector.compression === "none") expect(slug).toBe(vector.slug);
    });

    it("has the signature it should", () => {
      const [payload, signature] = [hex(vector.payload), hex(vector.signature)];
      expect(toHex(hashPayload(payload))).toBe(vector.payloadSha256);
      const matches = isSignedBy(payload, signature, hex(vector.verifyWithPrivateKey));
      expect(matches).toBe(vector.expect.signatureMatches);
      if (matches) {
        expect(toHex(recoverPublicKey(payload, signature) ?? new Uint8Array())).toBe(
          vector.recoveredPublicKey,
        );
        expect(toHex(signPayload(payload, hex(vector.verifyWithPrivateKey)))).toBe(vector.signature);
      }
    });

    it("is read from both URLs", () => {
      expect(parsed(vector.urlProd)).toMatchObject({ hash: vector.payloadSha256, network: "production" });
      expect(parsed(vector.urlDev)).toMatchObject({ hash: vector.payloadSha256, network: "dev" });
    });
  },
);

describe("the inviter's verdict", () => {
  it.each([...vectors.invites, ...vectors.negativeInvites])("on $id ($note) is $expect.outcome", (vector) => {
    expect(outcomeOf(vector, inboxOf(vector))).toBe(vector.expect.outcome);
  });

  it.each(vectors.invites)("on $id leads to its conversation", (vector) => {
    const verification = verifyInviteAsInviter(parsed(vector.slug), {
      inboxId: vector.fields.creatorInboxId,
      privateKey: hex(vector.verifyWithPrivateKey),
      now: NOW,
    });
    expect(verification).toEqual({ outcome: "ours", groupId: vector.expect.tokenDecryptsTo });
  });
});

describe("the payload's canonical form", () => {
  // The command line client writes an explicit false for field 9 (48 00); the app, like us, leaves it out.
  it.each(vectors.invites)("of $id", (vector) => {
    const payload = hex(vector.payload);
    const canonical = encodePayload(decodePayload(payload));
    const isCanonical = ["I3", "I7", "I8", "I9"].includes(vector.id);
    if (isCanonical) expect(toHex(canonical)).toBe(vector.payload);
    else expect(decodePayload(canonical)).toEqual(decodePayload(payload));
  });
});

describe("slug parsing", () => {
  it.each(vectors.slugParsing.accept)("accepts %#", ({ input, canonicalSlug }) => {
    expect(parsed(input).slug.replaceAll("*", "")).toBe(canonicalSlug);
  });

  it.each(vectors.slugParsing.reject)("rejects $note", ({ input }) => {
    expect(parseInvite(input)).toMatchObject({ ok: false });
  });

  it("rejects text beyond the limit without decoding it", () => {
    expect(decodeSlug("A".repeat(65_537))).toBeUndefined();
  });
});

describe("URL forms", () => {
  const slug = vectors.invites[0]?.slug ?? "";

  it.each([
    ["production", `https://popup.convos.org/v2?i=${slug}`],
    ["dev", `https://dev.convos.org/v2?i=${slug}`],
    ["local", `https://local.convos.org/v2?i=${slug}`],
  ] as const)("writes %s", (network, url) => {
    expect(inviteUrl(slug, network)).toBe(url);
    expect(parsed(url).network).toBe(network);
  });

  it.each([
    [`https://APP-dev.convos.org/i/${slug}`, "dev"],
    [`https://app-local.convos.org/invite?code=${slug}&utm=1`, "local"],
    [`https://popup.convos.org/v2/?x=1&i=${slug}#top`, "production"],
    [`convos-local://join/${slug}`, "local"],
    [`CONVOS://invite/${slug}?from=qr`, "production"],
  ])("reads %s", (url, network) => {
    expect(parsed(url)).toMatchObject({ slug, network });
  });

  it.each([
    `https://evil.example/v2?i=${slug}`,
    `https://popup.convos.org.evil.example/v2?i=${slug}`,
    `http://popup.convos.org/v2?i=${slug}`,
    `https://popup.convos.org/v3?i=${slug}`,
    `convos://open/${slug}`,
    `ftp://popup.convos.org/v2?i=${slug}`,
    "https://",
  ])("does not read %s", (url) => {
    expect(parseInvite(url)).toEqual({ ok: false, reason: "unknown-link" });
  });
});

describe("what a joiner can tell", () => {
  const first = vectors.invites[0];
  const outcome = (id: string, options: Partial<Parameters<typeof inspectInvite>[1]> = {}): string => {
    const vector = [...vectors.invites, ...vectors.negativeInvites].find((candidate) => candidate.id === id);
    return inspectInvite(vector?.urlDev ?? "", { now: NOW, ...options }).outcome;
  };

  it.each([
    ["I1", "usable"],
    ["I8", "usable"],
    ["N3", "usable"],
    ["N4", "bad-signature"],
    ["N5", "bad-signature"],
    ["N7", "invite-expired"],
    ["N8", "conversation-expired"],
    ["N14", "not-an-invite"],
  ])("%s is %s", (id, expected) => {
    expect(outcome(id)).toBe(expected);
  });

  it("knows its own network and its own invites", () => {
    expect(outcome("I1", { network: "dev" })).toBe("usable");
    expect(outcome("I1", { network: "local" })).toBe("usable");
    expect(outcome("I1", { network: "production" })).toBe("foreign-network");
    expect(outcome("I1", { ownInboxId: first?.fields.creatorInboxId ?? "" })).toBe("own-invite");
  });

  it("lets an invite live through the very second of its expiry", () => {
    expect(outcome("N7", { now: new Date(1_700_000_000_999) })).toBe("usable");
    expect(outcome("N7", { now: new Date(1_700_000_001_000) })).toBe("invite-expired");
  });
});
