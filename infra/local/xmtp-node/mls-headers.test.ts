import { describe, expect, it } from "vitest";
import { MalformedMessage } from "./malformed-message.ts";
import { readGroupMessageHeader, readInstallationId } from "./mls-headers.ts";
import {
  APPLICATION,
  COMMIT,
  groupMessage,
  keyPackage,
  PRIVATE,
  PROPOSAL,
  PUBLIC,
  SENDER_MEMBER,
  SENDER_NEW_MEMBER,
} from "./mls-samples.ts";

describe("the header of a group message", () => {
  it.for([
    { wireFormat: PRIVATE, sender: SENDER_MEMBER, contentType: APPLICATION, isCommit: false },
    { wireFormat: PRIVATE, sender: SENDER_MEMBER, contentType: PROPOSAL, isCommit: true },
    { wireFormat: PRIVATE, sender: SENDER_MEMBER, contentType: COMMIT, isCommit: true },
    { wireFormat: PUBLIC, sender: SENDER_MEMBER, contentType: APPLICATION, isCommit: false },
    { wireFormat: PUBLIC, sender: SENDER_MEMBER, contentType: COMMIT, isCommit: true },
    { wireFormat: PUBLIC, sender: SENDER_NEW_MEMBER, contentType: COMMIT, isCommit: true },
  ])("says the group and the kind: $wireFormat $sender $contentType", ({ isCommit, ...message }) => {
    const header = readGroupMessageHeader(groupMessage({ group: "g1", ...message }));
    expect(header).toEqual({ groupId: Buffer.from("g1"), isCommit });
  });

  it.for([1, 63, 64, 16_383, 16_384, 70_000])("takes a group id of %i bytes", (length) => {
    const group = "x".repeat(length);
    expect(readGroupMessageHeader(groupMessage({ group })).groupId).toEqual(Buffer.from(group));
  });

  it("is refused when it ends early, wherever that is", () => {
    const whole = groupMessage({ group: "a group", wireFormat: PUBLIC, contentType: COMMIT });
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => readGroupMessageHeader(whole.subarray(0, length))).toThrow(MalformedMessage);
    }
  });

  it.for([
    ["another version", groupMessage({ group: "g" }).fill(2, 1, 2)],
    ["a welcome", groupMessage({ group: "g", wireFormat: 3 })],
    ["an empty group id", groupMessage({ group: "" })],
    ["an unknown sender", groupMessage({ group: "g", wireFormat: PUBLIC, sender: 5 })],
    ["an invalid vector length", groupMessage({ group: "g" }).fill(0xff, 4, 5)],
  ] as const)("is refused for %s", ([, message]) => {
    expect(() => readGroupMessageHeader(message)).toThrow(MalformedMessage);
  });
});

describe("the installation id", () => {
  it("is the leaf's signature key of a key package", () => {
    expect(readInstallationId(keyPackage("installation"))).toEqual(Buffer.from("installation"));
  });

  it("is refused when it is cut or empty", () => {
    expect(() => readInstallationId(keyPackage("installation").subarray(0, 40))).toThrow(MalformedMessage);
    expect(() => readInstallationId(keyPackage(""))).toThrow(MalformedMessage);
  });
});
