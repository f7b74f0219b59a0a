import { describe, expect, it } from "vitest";
import { MAX_ITEMS_PER_REQUEST } from "./limits.ts";
import { MalformedMessage } from "./malformed-message.ts";
import { decode, encode, repeated } from "./protobuf.ts";

const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

describe("writing", () => {
  it("makes the bytes of the protobuf specification", () => {
    expect(hex(encode([1, 150]))).toBe("089601");
    expect(hex(encode([2, "testing"]))).toBe("120774657374696e67");
    expect(hex(encode([3, encode([1, 150])]))).toBe("1a03089601");
  });

  it("leaves out zero, false and undefined, but not an empty message", () => {
    expect(hex(encode([1, 0], [2, 0n], [3, false], [4, undefined]))).toBe("");
    expect(hex(encode([1, new Uint8Array(0)]))).toBe("0a00");
  });
});

describe("reading", () => {
  it("gives back what was written, to 64 bits", () => {
    const largest = 2n ** 64n - 1n;
    const fields = decode(encode([1, largest], [2, "ü"], [3, true], [16, encode([1, 7])]));
    expect(fields.uint(1)).toBe(largest);
    expect(fields.text(2)).toBe("ü");
    expect(fields.uint(3)).toBe(1n);
    expect(fields.message(16).uint(1)).toBe(7n);
  });

  it("gives defaults for what is absent, and the last of what is repeated", () => {
    const fields = decode(encode([1, 1], [1, 2], ...repeated(2, [Buffer.from("a"), Buffer.from("b")])));
    expect(fields.uint(1)).toBe(2n);
    expect(fields.all(2).map(hex)).toEqual(["61", "62"]);
    expect([fields.has(3), fields.uint(3), fields.text(3), fields.all(3)]).toEqual([false, 0n, "", []]);
  });

  it("passes over fixed-width fields", () => {
    const fields = decode(Buffer.from(`${"0d01020304"}${"110102030405060708"}${"1805"}`, "hex"));
    expect(fields.uint(3)).toBe(5n);
  });

  it("refuses a field of another kind", () => {
    const fields = decode(encode([1, 1], [2, "text"]));
    expect(() => fields.bytes(1)).toThrow(MalformedMessage);
    expect(() => fields.uint(2)).toThrow(MalformedMessage);
    expect(() => fields.message(2)).toThrow(MalformedMessage);
  });

  it.for(["08", "0a05ff", "0f", "00", "08ffffffffffffffffffffff"])("refuses %s", (bytes) => {
    expect(() => decode(Buffer.from(bytes, "hex"))).toThrow(MalformedMessage);
  });

  it("refuses more items than a request may have", () => {
    const items = Array.from({ length: MAX_ITEMS_PER_REQUEST + 1 }, () => new Uint8Array(0));
    expect(() => decode(encode(...repeated(1, items))).all(1)).toThrow(MalformedMessage);
  });
});
