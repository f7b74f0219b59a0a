import { describe, expect, it } from "vitest";
import { vectors } from "../testdata/vectors.ts";
import { assistantJoinRequestCodec } from "./assistant-join-request.ts";
import { convosCodecs } from "./codecs.ts";

const decode = (text: string) =>
  assistantJoinRequestCodec.decode({ parameters: {}, content: Buffer.from(text, "utf8") });

describe("assistant_join_request", () => {
  it.each(vectors.assistantJoinRequest)("is byte-exact: $content", ({ contentType, content }) => {
    const decoded = decode(content);
    expect(decoded).toEqual(JSON.parse(content));
    if (decoded === undefined) throw new Error("the vector was not read");
    const encoded = assistantJoinRequestCodec.encode(decoded);
    expect(encoded.type).toEqual(contentType);
    expect(encoded.parameters).toEqual({});
    expect(Buffer.from(encoded.content).toString("utf8")).toBe(content);
  });

  it("has a vector for each status", () => {
    const statuses = vectors.assistantJoinRequest.map(({ content }) => decode(content)?.status);
    expect(statuses).toEqual(["pending", "no_agents_available", "failed"]);
  });

  it("is silent, has a fallback and is spoken by clients of this library", () => {
    const content = { status: "pending", requestedByInboxId: "a", requestId: "b" } as const;
    expect(assistantJoinRequestCodec.shouldPush()).toBe(false);
    expect(assistantJoinRequestCodec.encode(content).fallback).toBe("Agent join requested");
    expect(convosCodecs).toContain(assistantJoinRequestCodec);
  });

  it("leaves out what newer clients add", () => {
    const text = '{"requestId":"b","requestedByInboxId":"a","status":"failed","reason":"full"}';
    expect(decode(text)).toEqual({ status: "failed", requestedByInboxId: "a", requestId: "b" });
  });

  it.each([
    '{"status":"joined","requestedByInboxId":"a","requestId":"b"}',
    '{"requestedByInboxId":"a","requestId":"b"}',
    '{"status":"pending","requestId":"b"}',
    '{"status":"pending","requestedByInboxId":"a"}',
    '{"status":"pending","requestedByInboxId":1,"requestId":"b"}',
    '{"status":"pending","requestedByInboxId":"a","requestId":null}',
    "[]",
    "",
  ])("does not read %s", (content) => {
    expect(decode(content)).toBeUndefined();
  });
});
