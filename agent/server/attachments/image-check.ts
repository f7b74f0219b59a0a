import { FileError } from "./file-error.ts";
import type { FileType } from "./file-type.ts";
import { IMAGE_MAX_BYTES, IMAGE_MAX_PIXELS } from "./limits.ts";

type ImageMimeType = Extract<FileType, { kind: "image" }>["mimeType"];

interface Size {
  width: number;
  height: number;
}

/** Throws a FileError for a picture that is cut short or larger, in bytes or pixels, than anybody should unfold. */
export function requireUsableImage(bytes: Buffer, mimeType: ImageMimeType): void {
  if (bytes.length > IMAGE_MAX_BYTES) throw new FileError("too-large");
  const size = sizeOf(bytes, mimeType);
  if (size === undefined || size.width === 0 || size.height === 0) throw new FileError("damaged");
  if (size.width * size.height > IMAGE_MAX_PIXELS) throw new FileError("too-large");
  if (!isWhole(bytes, mimeType)) throw new FileError("damaged");
}

/** undefined when the header is not there. */
function sizeOf(bytes: Buffer, mimeType: ImageMimeType): Size | undefined {
  try {
    if (mimeType === "image/png") return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
    if (mimeType === "image/gif") return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
    return mimeType === "image/webp" ? webpSize(bytes) : jpegSize(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function webpSize(bytes: Buffer): Size | undefined {
  const format = bytes.toString("latin1", 12, 16);
  if (format === "VP8X") return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (format === "VP8 ")
    return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (format !== "VP8L") return undefined;
  const bits = bytes.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
}

/** Segments follow one another, each with its length, up to the frame header (SOF0 to SOF15 without DHT, JPG and DAC). */
function jpegSize(bytes: Buffer): Size | undefined {
  let at = 2;
  while (at < bytes.length) {
    const marker = bytes.readUInt8(at + 1);
    if (bytes.readUInt8(at) !== 0xff) return undefined;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/** Whether the end is there. Cameras add things after it, so it is looked for and not expected to be last. */
function isWhole(bytes: Buffer, mimeType: ImageMimeType): boolean {
  if (mimeType === "image/png") return bytes.includes("IEND");
  if (mimeType === "image/jpeg") return bytes.lastIndexOf(Buffer.from([0xff, 0xd9])) > 0;
  if (mimeType === "image/webp") return bytes.readUInt32LE(4) + 8 <= bytes.length;
  return bytes.includes(0x3b, 13);
}
