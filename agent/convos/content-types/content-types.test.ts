import { describe, expect, it } from "vitest";
import { hex, type ImageVector, type JsonVector, type ProfileVector, vectors } from "../testdata/vectors.ts";
import type { ConvosCodec, EncodedContent } from "./codec.ts";
import { convosCodecs } from "./codecs.ts";
import { explodeSettingsCodec } from "./explode-settings.ts";
import { inviteJoinErrorCodec } from "./invite-join-error.ts";
import { inviteJoinHandledCodec } from "./invite-join-handled.ts";
import { joinRequestCodec } from "./join-request.ts";
import type { Profile } from "./profile.ts";
import { profileSnapshotCodec } from "./profile-snapshot.ts";
import { profileUpdateCodec } from "./profile-update.ts";
import { readContent } from "./read.ts";
import { thinkingCodec } from "./thinking.ts";
import { typingIndicatorCodec } from "./typing-indicator.ts";

const encodedText = (text: string): EncodedContent => ({
  parameters: {},
  content: Buffer.from(text, "utf8"),
});
const decodeText = <T>(codec: ConvosCodec<T>, text: string): T | undefined => codec.decode(encodedText(text));
const json = (encoded: EncodedContent): unknown => JSON.parse(Buffer.from(encoded.content).toString("utf8"));

/** Reading the vector and writing what was read gives the same JSON. */
function expectRoundTrip<T>(codec: ConvosCodec<T>, { contentType, content }: JsonVector): void {
  expect(codec.contentType).toEqual(contentType);
  const decoded = decodeText(codec, content);
  if (decoded === undefined) throw new Error("the vector was not read");
  const encoded = codec.encode(decoded);
  expect(encoded.type).toEqual(contentType);
  expect(encoded.parameters).toEqual({});
  expect(json(encoded)).toEqual(JSON.parse(content));
}

describe("join_request", () => {
  it.each(vectors.joinRequests)("$id", (vector) => {
    expect(decodeText(joinRequestCodec, vector.content)).toEqual(vector.parsed ?? undefined);
    if (vector.parsed !== null) expectRoundTrip(joinRequestCodec, vector);
  });

  it("is pushed and falls back to the slug", () => {
    expect(joinRequestCodec.shouldPush()).toBe(true);
    expect(joinRequestCodec.encode({ inviteSlug: "abc" })).toMatchObject({ fallback: "abc" });
  });

  it("leaves out what is no string", () => {
    const text = '{"inviteSlug":"abc","profile":{"name":5,"memberKind":"agent"},"metadata":{"a":1,"b":"2"}}';
    expect(decodeText(joinRequestCodec, text)).toEqual({
      inviteSlug: "abc",
      profile: { memberKind: "agent" },
      metadata: { b: "2" },
    });
  });
});

describe("invite_join_error", () => {
  it.each(vectors.inviteJoinError.slice(0, 4))("%#", (vector) => {
    expectRoundTrip(inviteJoinErrorCodec, vector);
  });

  it("reads an unknown type as an expired conversation", () => {
    const unknown = vectors.inviteJoinError[4];
    expect(decodeText(inviteJoinErrorCodec, unknown?.content ?? "")).toEqual({
      errorType: "conversation_expired",
      inviteTag: "ccpfXDRHZv",
      timestamp: new Date("2026-06-11T10:20:30Z"),
    });
  });

  it("writes whole seconds, a short reason and the fallback of its type", () => {
    const error = {
      inviteTag: "tag",
      timestamp: new Date("2026-06-11T10:20:30.999Z"),
      reason: "r".repeat(600),
    };
    const encoded = inviteJoinErrorCodec.encode({ ...error, errorType: "generic_failure" });
    expect(json(encoded)).toEqual({
      errorType: "generic_failure",
      inviteTag: "tag",
      timestamp: "2026-06-11T10:20:30Z",
      reason: "r".repeat(500),
    });
    expect(encoded.fallback).toBe("Failed to join conversation");
    expect(inviteJoinErrorCodec.fallback({ ...error, errorType: "conversation_not_found" })).toBe(
      "This conversation is no longer available",
    );
  });
});

describe("invite_join_handled", () => {
  it("is silent and has no fallback", () => {
    expectRoundTrip(inviteJoinHandledCodec, vectors.inviteJoinHandled);
    expect(inviteJoinHandledCodec.shouldPush()).toBe(false);
    const content = { inviteTag: "a", handledMessageId: "b", timestamp: new Date(0) };
    expect(inviteJoinHandledCodec.encode(content)).not.toHaveProperty("fallback");
  });
});

describe("explode_settings", () => {
  it.each(vectors.explodeSettings)("$id", ({ contentType, date, sendContent, convosCliContent }) => {
    expect(explodeSettingsCodec.contentType).toEqual(contentType);
    expect(json(explodeSettingsCodec.encode({ expiresAt: new Date(date) }))).toEqual(JSON.parse(sendContent));
    expect(decodeText(explodeSettingsCodec, convosCliContent)).toEqual({ expiresAt: new Date(date) });
  });

  it.each(vectors.explodeSettingsDecode.accept)("reads $content", ({ content, unixMs }) => {
    expect(decodeText(explodeSettingsCodec, content)?.expiresAt.getTime()).toBe(unixMs);
  });

  it.each([
    ...vectors.explodeSettingsDecode.reject,
    '{"expiresAt":"2026-13-45T99:00:00Z"}',
    '{"expiresAt":"2026"}',
  ])("does not read %s", (content) => {
    expect(decodeText(explodeSettingsCodec, content)).toBeUndefined();
  });
});

describe("typing_indicator and thinking", () => {
  it.each(vectors.typing)("typing %#", (vector) => {
    expectRoundTrip(typingIndicatorCodec, vector);
  });
  it.each(vectors.thinking)("thinking %#", (vector) => {
    expectRoundTrip(thinkingCodec, vector);
  });

  it.each([
    '{"state":"start","targetMessageId":"a","content":""}',
    '{"state":"start","targetMessageId":"a","content":"b","resultMessageId":"c"}',
    '{"state":"stop","targetMessageId":"a","content":"b","resultMessageId":""}',
    '{"state":"pause","targetMessageId":"a","content":"b"}',
    '{"state":"start","content":"b"}',
  ])("does not read %s", (content) => {
    expect(decodeText(thinkingCodec, content)).toBeUndefined();
  });
});

const image = ({ url, salt, nonce }: ImageVector) => ({ url, salt: hex(salt), nonce: hex(nonce) });

function profileOf(vector: ProfileVector): Profile {
  const { name, memberKind, encryptedImage, metadata } = vector;
  return {
    ...(name === undefined ? {} : { name }),
    ...(memberKind === undefined ? {} : { memberKind }),
    ...(encryptedImage === undefined ? {} : { encryptedImage: image(encryptedImage) }),
    ...(metadata === undefined
      ? {}
      : { metadata: Object.fromEntries(Object.entries(metadata).map(([key, { value }]) => [key, value])) }),
  };
}

describe("profile_update", () => {
  it.each(vectors.profileUpdates)("$id is byte-exact", ({ contentType, update, protobuf }) => {
    const encoded = profileUpdateCodec.encode(profileOf(update));
    expect(encoded.type).toEqual(contentType);
    expect(Buffer.from(encoded.content).toString("hex")).toBe(protobuf);
    expect(profileUpdateCodec.decode({ parameters: {}, content: hex(protobuf) })).toEqual(profileOf(update));
  });
});

describe("profile_snapshot", () => {
  it.each(vectors.profileSnapshots)("$id is byte-exact", ({ contentType, snapshot, protobuf }) => {
    const profiles = snapshot.profiles.map(({ inboxId, ...profile }) => ({ inboxId, ...profileOf(profile) }));
    const encoded = profileSnapshotCodec.encode({ profiles });
    expect(encoded.type).toEqual(contentType);
    expect(Buffer.from(encoded.content).toString("hex")).toBe(protobuf);
    expect(profileSnapshotCodec.decode({ parameters: {}, content: hex(protobuf) })).toEqual({ profiles });
  });

  it("skips members whose inbox id is not whole", () => {
    expect(profileSnapshotCodec.decode({ parameters: {}, content: hex("0a050a03010203") })).toEqual({
      profiles: [],
    });
  });
});

describe("every codec", () => {
  const garbage = [
    hex("ff"),
    hex("0a05ab"),
    Buffer.from("[1]"),
    Buffer.from('"x"'),
    Buffer.alloc(262_145, "{"),
  ];

  it.each(convosCodecs)(
    "$contentType.typeId never throws at what it cannot read",
    ({ decode, contentType }) => {
      for (const content of garbage) expect(decode({ parameters: {}, content })).toBeUndefined();
      expect(contentType).toMatchObject({ authorityId: "convos.org", versionMajor: 1, versionMinor: 0 });
    },
  );

  it("is matched by all four parts of its id", () => {
    const content = { expiresAt: new Date(0) };
    const { contentType } = explodeSettingsCodec;
    expect(readContent({ contentType, content }, explodeSettingsCodec)).toBe(content);
    for (const other of [
      { ...contentType, authorityId: "xmtp.org" },
      { ...contentType, typeId: "other" },
      { ...contentType, versionMajor: 2 },
      { ...contentType, versionMinor: 1 },
    ]) {
      expect(readContent({ contentType: other, content }, explodeSettingsCodec)).toBeUndefined();
    }
  });
});
