import { createHash, randomBytes } from "node:crypto";
import { encryptAttachment } from "@xmtp/node-sdk";
import { expect, it } from "vitest";
import { readAttachmentContent } from "./attachment-content.ts";
import { openPayload } from "./open-payload.ts";

const CONTENT = Buffer.from("The tide is at nine.");
const sealed = encryptAttachment({ filename: "tide.txt", mimeType: "text/plain", content: CONTENT });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const payload = Buffer.from(sealed.payload);
const keys = {
  contentDigest: sealed.contentDigest,
  secret: hex(sealed.secret),
  salt: hex(sealed.salt),
  nonce: hex(sealed.nonce),
};
const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

it("opens what the SDK sealed", () => {
  const content = readAttachmentContent(openPayload(payload, keys));
  expect(content).toMatchObject({ filename: "tide.txt", mimeType: "text/plain" });
  expect(Buffer.from(content.bytes)).toEqual(CONTENT);
});

it("opens an attachment without a name", () => {
  const { payload: bytes, ...rest } = encryptAttachment({ mimeType: "text/plain", content: CONTENT });
  const opened = openPayload(Buffer.from(bytes), {
    contentDigest: rest.contentDigest,
    secret: hex(rest.secret),
    salt: hex(rest.salt),
    nonce: hex(rest.nonce),
  });
  expect(readAttachmentContent(opened).filename).toBe("");
});

it.each([
  ["a changed byte", Buffer.concat([payload.subarray(0, -1), Buffer.from([(payload.at(-1) ?? 0) ^ 1])])],
  ["a missing end", payload.subarray(0, -1)],
  ["nothing", Buffer.alloc(0)],
])("tells %s by the digest", (_, bytes) => {
  expect(() => openPayload(bytes, keys)).toThrow(expect.objectContaining({ problem: "wrong-digest" }));
});

it.each([
  ["secret", { secret: hex(randomBytes(32)) }],
  ["salt", { salt: hex(randomBytes(32)) }],
  ["nonce", { nonce: hex(randomBytes(12)) }],
  ["nonce of no length", { nonce: "" }],
  ["secret that is no hex", { secret: "wrong" }],
])("tells a wrong %s from that", (_, wrong) => {
  expect(() => openPayload(payload, { ...keys, ...wrong })).toThrow(
    expect.objectContaining({ problem: "wrong-key" }),
  );
});

it("tells a payload that cannot hold anything", () => {
  const short = Buffer.from("short");
  expect(() => openPayload(short, { ...keys, contentDigest: digestOf(short) })).toThrow(
    expect.objectContaining({ problem: "damaged" }),
  );
});

it.each([
  ["rubbish", Buffer.from("rubbish"), "damaged"],
  ["nothing", Buffer.alloc(0), "damaged"],
  ["a length beyond the end", Buffer.from([0x22, 0xff, 0xff, 0xff, 0xff, 0x07]), "damaged"],
  // Type xmtp.org/text, content "hi".
  ["a text", Buffer.from("\x0a\x10\x0a\x08xmtp.org\x12\x04text\x22\x02hi", "latin1"), "unknown-type"],
  [
    "a compressed one",
    Buffer.from("\x0a\x16\x0a\x08xmtp.org\x12\x0aattachment\x22\x02hi\x28\x01", "latin1"),
    "damaged",
  ],
])("does not take %s for an attachment", (_, bytes, problem) => {
  expect(() => readAttachmentContent(bytes)).toThrow(expect.objectContaining({ problem }));
});
