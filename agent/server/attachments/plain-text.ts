import { TEXT_MAX_CHARS } from "./limits.ts";

/** No character takes more bytes than this, in UTF-8 or UTF-16. */
const CHAR_MAX_BYTES = 4;
/** Text holds a stray control character at most; of random bytes every ninth is one. */
const CONTROL_MAX_SHARE = 0.005;

export interface CutText {
  text: string;
  isCut: boolean;
}

/** The beginning of a text, with one kind of line end and without control characters. */
export function cutText(text: string, maxChars = TEXT_MAX_CHARS): CutText {
  const clean = text.replaceAll(/\r\n?/g, "\n").replaceAll(/[^\P{Cc}\n\t]/gu, "");
  if (clean.length <= maxChars) return { text: clean, isCut: false };
  // The half of a character that lies on both sides of the cut goes too.
  return { text: clean.slice(0, maxChars).replace(/[\uD800-\uDBFF]$/, ""), isCut: true };
}

/** The text in a file without a format: UTF-8, UTF-16 with its mark, else Windows-1252. undefined when it is none. */
export function readPlainText(bytes: Buffer, maxChars = TEXT_MAX_CHARS): CutText | undefined {
  const sample = bytes.subarray(0, CHAR_MAX_BYTES * maxChars);
  const encoding = encodingOf(sample);
  const isPart = bytes.length > sample.length;
  const text = decode(sample, encoding, isPart) ?? decode(sample, "windows-1252", isPart) ?? "";
  const controls = text.match(/[^\P{Cc}\n\r\t\f]/gu)?.length ?? 0;
  if (text.includes("\0") || controls > text.length * CONTROL_MAX_SHARE) return undefined;
  const cut = cutText(text, maxChars);
  return { text: cut.text, isCut: cut.isCut || isPart };
}

function encodingOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return "utf-8";
}

/** undefined when the bytes are not of this encoding. A character that the end of a part cuts in two is left out. */
function decode(bytes: Buffer, encoding: string, isPart: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: isPart });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
