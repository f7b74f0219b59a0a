import { deflateRawSync, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readFrame, writeFrame } from "./deflate-frame.ts";

const MAX_BYTES = 1000;

function frame(declaredBytes: number, body: Uint8Array): Uint8Array {
  const header = Buffer.alloc(5);
  header[0] = 0x1f;
  header.writeUInt32BE(declaredBytes, 1);
  return new Uint8Array(Buffer.concat([header, body]));
}

describe("the compression frame", () => {
  const text = Buffer.from("Weekend hike planning. ".repeat(10), "utf8");

  it("is written raw and read raw or zlib-wrapped", () => {
    const written = writeFrame(text);
    expect(written.length).toBeLessThan(text.length);
    expect(written).toEqual(frame(text.length, deflateRawSync(text)));
    for (const body of [deflateRawSync(text), deflateSync(text)]) {
      expect(readFrame(frame(text.length, body), MAX_BYTES)).toEqual(new Uint8Array(text));
    }
  });

  it("does not inflate beyond the limit nor beyond a ratio of 100", () => {
    expect(readFrame(frame(text.length, deflateRawSync(text)), text.length - 1)).toBeUndefined();
    const zeros = Buffer.alloc(100_000);
    const bomb = deflateRawSync(zeros);
    expect(zeros.length / bomb.length).toBeGreaterThan(100);
    expect(readFrame(frame(zeros.length, bomb), zeros.length)).toBeUndefined();
  });

  it.each([
    ["a declared size that is too small", frame(text.length - 1, deflateRawSync(text))],
    ["a declared size that is too large", frame(text.length + 1, deflateRawSync(text))],
    ["a declared size of 0", frame(0, deflateRawSync(Buffer.alloc(0)))],
    ["no body", frame(10, Buffer.alloc(0))],
    ["half a body", frame(text.length, deflateRawSync(text).subarray(0, 10))],
    ["no header", new Uint8Array([0x1f])],
  ])("refuses %s", (_what, bytes) => {
    expect(readFrame(bytes, MAX_BYTES)).toBeUndefined();
  });
});
