import { expect, it } from "vitest";
import { requireUsableImage } from "./image-check.ts";
import { IMAGE_MAX_BYTES } from "./limits.ts";
import { png } from "./testing/documents.ts";

const bytes = (latin1: string): Buffer => Buffer.from(latin1, "latin1");
const problemOf = (...[image, mimeType]: Parameters<typeof requireUsableImage>): unknown => {
  try {
    requireUsableImage(image, mimeType);
    return undefined;
  } catch (error) {
    return error instanceof Error && "problem" in error ? error.problem : error;
  }
};

const gif = (width: string, height: string): Buffer => bytes(`GIF89a${width}${height}\0\0\0;`);
/** An APP0 segment, a fill byte, the frame header and the end. */
const jpeg = (height: string, width: string): Buffer =>
  bytes(`\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08${height}${width}\x03\xff\xd9`);
const webp = (chunk: string, size: string): Buffer => bytes(`RIFF${size}\0\0\0WEBP${chunk}`);
const VP8X = "VP8X\x0a\0\0\0\0\0\0\0";
const VP8 = "VP8 \0\0\0\0\0\0\0\x9d\x01\x2a";
const VP8L = "VP8L\0\0\0\0\x2f";

it.each([
  ["png", png(7_000, 7_000), "image/png"],
  ["gif", gif("\x10\0", "\x10\0"), "image/gif"],
  ["jpeg", jpeg("\x10\0", "\x10\0"), "image/jpeg"],
  ["webp with extensions", webp(`${VP8X}\x0f\0\0\x0f\0\0`, "\x16"), "image/webp"],
  ["lossy webp", webp(`${VP8}\x10\0\x10\0`, "\x16"), "image/webp"],
  ["lossless webp", webp(`${VP8L}\xff\xc0\x3f\0`, "\x11"), "image/webp"],
] as const)("takes a %s", (_, image, mimeType) => expect(problemOf(image, mimeType)).toBeUndefined());

it.each([
  ["png of 100,000 × 100,000 pixels", png(100_000, 100_000), "image/png"],
  ["png that is one row too much", png(10_000, 5_001), "image/png"],
  ["gif of 65,535 × 65,535 pixels", gif("\xff\xff", "\xff\xff"), "image/gif"],
  ["jpeg of 65,535 × 65,535 pixels", jpeg("\xff\xff", "\xff\xff"), "image/jpeg"],
  ["webp of 16,777,216 × 16 pixels", webp(`${VP8X}\xff\xff\xff\x0f\0\0`, "\x16"), "image/webp"],
  ["lossless webp of 16,384 × 16,384", webp(`${VP8L}\xff\xff\xff\x0f`, "\x11"), "image/webp"],
  ["file of too many bytes", Buffer.concat([png(1, 1), Buffer.alloc(IMAGE_MAX_BYTES)]), "image/png"],
] as const)("refuses a %s", (_, image, mimeType) => expect(problemOf(image, mimeType)).toBe("too-large"));

it.each([
  ["png without an end", png(10, 10).subarray(0, 33), "image/png"],
  ["png without dimensions", png(10, 10).subarray(0, 20), "image/png"],
  ["png of no width", png(0, 10), "image/png"],
  ["gif without an end", gif("\x10\0", "\x10\0").subarray(0, 13), "image/gif"],
  ["jpeg without an end", jpeg("\x10\0", "\x10\0").subarray(0, -2), "image/jpeg"],
  ["jpeg without a frame", bytes("\xff\xd8\xff\xe0\0\x04ab\xff\xd9"), "image/jpeg"],
  ["jpeg of rubbish", bytes("\xff\xd8\xffabcdefgh\xff\xd9"), "image/jpeg"],
  ["webp that is cut", webp(`${VP8}\x10\0\x10\0`, "\xff"), "image/webp"],
  ["webp of an unknown kind", webp("ABCD\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "\x11"), "image/webp"],
] as const)("calls a %s damaged", (_, image, mimeType) => expect(problemOf(image, mimeType)).toBe("damaged"));
