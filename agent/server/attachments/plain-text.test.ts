import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { TEXT_MAX_CHARS } from "./limits.ts";
import { cutText, readPlainText } from "./plain-text.ts";

const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, "utf16le");

it.each([
  ["UTF-8", Buffer.from("Grüße, 世界 👋")],
  ["UTF-8 with its mark", Buffer.from("\uFEFFGrüße, 世界 👋")],
  ["UTF-16, little end first", utf16("Grüße, 世界 👋")],
  ["UTF-16, big end first", utf16("Grüße, 世界 👋").swap16()],
])("reads %s", (_, bytes) => {
  expect(readPlainText(bytes)).toEqual({ text: "Grüße, 世界 👋", isCut: false });
});

it("reads what is not UTF-8 as Windows-1252", () => {
  expect(readPlainText(Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65, 0x20, 0x80]))?.text).toBe("Grüße €");
});

it("has one kind of line end and no control characters", () => {
  const stray = "x".repeat(300);
  expect(readPlainText(Buffer.from(`a\r\nb\rc\n\td\x07${stray}`))?.text).toBe(`a\nb\nc\n\td${stray}`);
});

it("cuts, and never through a character", () => {
  expect(cutText("ab👋c", 3)).toEqual({ text: "ab", isCut: true });
  expect(cutText("ab👋", 4)).toEqual({ text: "ab👋", isCut: false });
  const long = readPlainText(Buffer.from("世".repeat(10 * TEXT_MAX_CHARS)));
  expect(long).toEqual({ text: "世".repeat(TEXT_MAX_CHARS), isCut: true });
});

it("takes the beginning of a long UTF-8 file for UTF-8 even if it ends in the middle of a character", () => {
  expect(readPlainText(Buffer.from(`a${"世".repeat(100_000)}`))?.text.slice(0, 3)).toBe("a世世");
});

it.each([
  ["random bytes", randomBytes(4_096)],
  ["bytes with a zero", Buffer.from("text\0text")],
  ["an executable", Buffer.from("\x7fELF\x02\x01\x01\x03\x04\x05", "latin1")],
])("is not deceived by %s", (_, bytes) => expect(readPlainText(bytes)).toBeUndefined());
