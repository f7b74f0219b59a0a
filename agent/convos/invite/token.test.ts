import { describe, expect, it } from "vitest";
import { hex, vectors } from "../testdata/vectors.ts";
import { decryptToken, encryptToken, packConversationId, tokenKey, unpackConversationId } from "./token.ts";

describe.each(vectors.tokens)("conversation token $id", (vector) => {
  const privateKey = hex(vector.privateKey);

  it("is byte-exact", () => {
    expect(tokenKey(privateKey, vector.creatorInboxId)).toEqual(hex(vector.hkdfKey));
    expect(packConversationId(vector.conversationId)).toEqual(hex(vector.plaintext));
    const token = encryptToken(privateKey, vector.creatorInboxId, vector.conversationId, hex(vector.nonce));
    expect(token).toEqual(hex(vector.token));
  });

  it("decrypts, with a random nonce too", () => {
    const { creatorInboxId, conversationId } = vector;
    expect(decryptToken(privateKey, creatorInboxId, hex(vector.token))).toBe(conversationId);
    const fresh = encryptToken(privateKey, creatorInboxId, conversationId);
    expect(fresh).not.toEqual(hex(vector.token));
    expect(decryptToken(privateKey, creatorInboxId, fresh)).toBe(conversationId);
  });

  it("does not decrypt when any byte is changed, the inbox differs or the key does", () => {
    const { creatorInboxId } = vector;
    const token = hex(vector.token);
    for (let index = 0; index < token.length; index += 1) {
      const changed = token.map((byte, at) => (at === index ? byte ^ 1 : byte));
      expect(decryptToken(privateKey, creatorInboxId, changed)).toBeUndefined();
    }
    expect(decryptToken(privateKey, "00".repeat(32), token)).toBeUndefined();
    expect(decryptToken(hex("11".repeat(32)), creatorInboxId, token)).toBeUndefined();
    expect(decryptToken(privateKey, creatorInboxId, token.subarray(0, 31))).toBeUndefined();
  });
});

describe("the packed conversation id", () => {
  it("keeps a UUID in 17 bytes, lower-case and dashed", () => {
    const packed = packConversationId("146150F2-4F72-4050-8816-0DD1626112C2");
    expect(packed.length).toBe(17);
    expect(unpackConversationId(packed)).toBe("146150f2-4f72-4050-8816-0dd1626112c2");
  });

  it.each([1, 255, 256, 65_535])("keeps a text of %i bytes", (length) => {
    const id = "x".repeat(length);
    expect(unpackConversationId(packConversationId(id))).toBe(id);
  });

  it("refuses an empty and an over-long id", () => {
    expect(() => packConversationId("")).toThrow(RangeError);
    expect(() => packConversationId("x".repeat(65_536))).toThrow(RangeError);
  });

  it.each([
    "",
    "01",
    "02",
    "0200",
    "020000",
    "02000000",
    "020361",
    "0200056162",
    "02026162ff",
    "0201ff",
    "03016a",
  ])("does not read %s", (packed) => {
    expect(unpackConversationId(hex(packed))).toBeUndefined();
  });
});
