import { describe, expect, it } from "vitest";
import { vectors } from "../testdata/vectors.ts";
import { type CreateInviteOptions, createInvite } from "./create.ts";
import { inspectInvite, verifyInviteAsInviter } from "./inspect.ts";
import { parseInvite } from "./invite.ts";
import { generateTag } from "./tag.ts";

const privateKey = vectors.keys[0]?.privateKey ?? "";
const options: CreateInviteOptions = {
  privateKey,
  inboxId: vectors.tokens[0]?.creatorInboxId ?? "",
  groupId: "c33e97dc46ebcee38e38adb9ed1e3711",
  tag: "ccpfXDRHZv",
  env: "local",
};
const now = new Date("2026-06-11T10:20:30Z");

describe("createInvite", () => {
  it("makes an invite that carries everything and that its inviter accepts", () => {
    const { slug, url } = createInvite({
      ...options,
      name: "Trip to 東京",
      description: "hikes",
      imageUrl: "https://example.com/a.jpg",
      emoji: "🦕",
      expiresAt: new Date("2030-01-02T03:04:05.999Z"),
      conversationExpiresAt: new Date("2030-01-03T00:00:00Z"),
      expiresAfterUse: true,
    });
    expect(url).toBe(`https://local.convos.org/v2?i=${slug}`);
    const result = inspectInvite(url, { now, network: "local" });
    expect(result.outcome).toBe("usable");
    if (result.outcome !== "usable") return;
    expect(result.invite).toMatchObject({
      slug,
      name: "Trip to 東京",
      description: "hikes",
      imageUrl: "https://example.com/a.jpg",
      emoji: "🦕",
      tag: "ccpfXDRHZv",
      expiresAtUnix: 1_893_553_445,
      conversationExpiresAtUnix: 1_893_628_800,
      expiresAfterUse: true,
    });
    const inviter = { inboxId: options.inboxId, privateKey: Buffer.from(privateKey, "hex"), now };
    expect(verifyInviteAsInviter(result.invite, inviter)).toEqual({
      outcome: "ours",
      groupId: options.groupId,
    });
  });

  it("takes the key as bytes or as hex with a prefix", () => {
    for (const key of [Buffer.from(privateKey, "hex"), `0x${privateKey}`]) {
      const parsed = parseInvite(createInvite({ ...options, privateKey: key }).slug);
      expect(parsed.ok).toBe(true);
    }
  });

  it("breaks long slugs with a star after every 300 characters, none at the end", () => {
    const { slug } = createInvite({ ...options, description: "d".repeat(1000) });
    const parts = slug.split("*");
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.slice(0, -1).every((part) => part.length === 300)).toBe(true);
    expect(parts.at(-1)?.length).toBeGreaterThan(0);
  });

  it.each([
    ["a short key", { privateKey: "ab" }],
    ["a zero key", { privateKey: "00".repeat(32) }],
    ["an inbox id that is none", { inboxId: "abc" }],
    ["an empty tag", { tag: "" }],
    ["an empty group id", { groupId: "" }],
    ["a long name", { name: "n".repeat(51) }],
    ["a long description", { description: "d".repeat(1001) }],
  ])("refuses %s without repeating it", (_what, wrong) => {
    expect(() => createInvite({ ...options, ...wrong })).toThrow(RangeError);
  });
});

describe("generateTag", () => {
  it("makes 10 letters or digits, never the same", () => {
    const tags = new Set(Array.from({ length: 500 }, generateTag));
    expect(tags.size).toBe(500);
    for (const tag of tags) expect(tag).toMatch(/^[A-Za-z0-9]{10}$/);
  });
});
