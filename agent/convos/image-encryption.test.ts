import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  decryptImage,
  encryptImage,
  imageKey,
  MAX_IMAGE_BYTES,
  MAX_SEALED_IMAGE_BYTES,
  newImageKey,
} from "./image-encryption.ts";
import { hex, vectors } from "./testdata/vectors.ts";

const vector = vectors.imageEncryption;
const groupKey = hex(vector.groupKey);
const plaintext = hex(vector.plaintext);
const sealed = hex(vector.ciphertextWithTag);
const ref = { url: "https://images.example.org/1", salt: hex(vector.salt), nonce: hex(vector.nonce) };

describe("image encryption", () => {
  it("is byte-exact", () => {
    expect(imageKey(groupKey, ref.salt)).toEqual(hex(vector.derivedKey));
    expect(encryptImage(groupKey, plaintext, ref.salt, ref.nonce)).toEqual({
      salt: ref.salt,
      nonce: ref.nonce,
      sealed,
    });
    expect(decryptImage(groupKey, ref, sealed)).toEqual(plaintext);
  });

  it(`does not open the negative vector (${vector.negative.note})`, () => {
    expect(decryptImage(groupKey, ref, hex(vector.negative.ciphertextWithTag))).toBeUndefined();
  });

  it("opens nothing that was changed, cut or sealed for another", () => {
    const flip = (bytes: Uint8Array, index: number) =>
      bytes.map((byte, at) => (at === index ? byte ^ 1 : byte));
    for (let index = 0; index < sealed.length; index += 1) {
      expect(decryptImage(groupKey, ref, flip(sealed, index))).toBeUndefined();
    }
    expect(decryptImage(groupKey, ref, sealed.subarray(0, -1))).toBeUndefined();
    expect(decryptImage(groupKey, ref, sealed.subarray(0, 16))).toBeUndefined();
    expect(decryptImage(groupKey, { ...ref, salt: flip(ref.salt, 0) }, sealed)).toBeUndefined();
    expect(decryptImage(groupKey, { ...ref, nonce: flip(ref.nonce, 0) }, sealed)).toBeUndefined();
    expect(decryptImage(flip(groupKey, 31), ref, sealed)).toBeUndefined();
  });

  it("takes only whole references and whole keys", () => {
    expect(decryptImage(groupKey, { ...ref, url: "" }, sealed)).toBeUndefined();
    expect(decryptImage(groupKey, { ...ref, salt: ref.salt.subarray(1) }, sealed)).toBeUndefined();
    expect(decryptImage(groupKey, { ...ref, nonce: new Uint8Array() }, sealed)).toBeUndefined();
    expect(decryptImage(groupKey.subarray(1), ref, sealed)).toBeUndefined();
    expect(() => encryptImage(groupKey.subarray(1), plaintext)).toThrow(RangeError);
  });

  it("seals the same picture differently each time", () => {
    const key = newImageKey();
    const [first, second] = [encryptImage(key, plaintext), encryptImage(key, plaintext)];
    expect(first.salt).not.toEqual(second.salt);
    expect(first.nonce).not.toEqual(second.nonce);
    expect(first.sealed).not.toEqual(second.sealed);
    for (const { salt, nonce, sealed: bytes } of [first, second]) {
      expect(decryptImage(key, { url: ref.url, salt, nonce }, bytes)).toEqual(plaintext);
      expect(decryptImage(newImageKey(), { url: ref.url, salt, nonce }, bytes)).toBeUndefined();
    }
  });

  it("has a limit on both sides", () => {
    expect(() => encryptImage(groupKey, new Uint8Array())).toThrow(RangeError);
    expect(() => encryptImage(groupKey, new Uint8Array(MAX_IMAGE_BYTES + 1))).toThrow(RangeError);
    const biggest = encryptImage(groupKey, new Uint8Array(MAX_IMAGE_BYTES), ref.salt, ref.nonce).sealed;
    expect(biggest.length).toBe(MAX_SEALED_IMAGE_BYTES);
    expect(decryptImage(groupKey, ref, biggest)?.length).toBe(MAX_IMAGE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", imageKey(groupKey, ref.salt), ref.nonce);
    const tooBig = [cipher.update(new Uint8Array(MAX_IMAGE_BYTES + 1)), cipher.final(), cipher.getAuthTag()];
    expect(decryptImage(groupKey, ref, Buffer.concat(tooBig))).toBeUndefined();
  });
});
