import { ToolError } from "../kit/tool-error.ts";

export type PictureType = "jpeg" | "png" | "gif" | "webp" | "tiff" | "avif" | "heic";

const MAGIC: readonly { offset: number; bytes: string; type: PictureType }[] = [
  { offset: 0, bytes: "\xff\xd8\xff", type: "jpeg" },
  { offset: 0, bytes: "\x89PNG\r\n\x1a\n", type: "png" },
  { offset: 0, bytes: "GIF87a", type: "gif" },
  { offset: 0, bytes: "GIF89a", type: "gif" },
  { offset: 8, bytes: "WEBP", type: "webp" },
  { offset: 0, bytes: "II*\0", type: "tiff" },
  { offset: 0, bytes: "MM\0*", type: "tiff" },
];
/** Major brands of ISO/IEC 23008-12 and of AVIF. `mif1` and `msf1` leave the codec open. */
const BRANDS: Readonly<Record<string, PictureType>> = {
  ...{ avif: "avif", avis: "avif" },
  ...{ heic: "heic", heix: "heic", heim: "heic", heis: "heic", hevc: "heic", hevx: "heic", hevm: "heic" },
};
const COMPATIBLE_BRANDS_WITHIN_BYTES = 64;

/**
 * What a picture is by its bytes; what it is called does not matter. Throws ToolError for everything else, and so for SVG:
 * a drawing may refer to other files and addresses, and no part of it is ever read.
 */
export function pictureTypeOf(bytes: Buffer): PictureType {
  if (bytes.length === 0) throw new ToolError("The file is empty.");
  const found = MAGIC.find(
    ({ offset, bytes: magic }) => bytes.toString("latin1", offset, offset + magic.length) === magic,
  );
  const type = found?.type ?? isoType(bytes);
  if (type !== undefined) return type;
  const start = bytes.toString("latin1", 0, 1_024);
  if (/<svg[\s>]/i.test(start))
    throw new ToolError("It is an SVG drawing, which is not opened here. Ask for it as PNG or JPEG.");
  if (start.includes("%PDF-"))
    throw new ToolError("It is a PDF and no picture. Use the tools for documents.");
  throw new ToolError("It is no picture of a known kind: JPEG, PNG, GIF, WebP, AVIF, HEIC and TIFF are.");
}

function isoType(bytes: Buffer): PictureType | undefined {
  if (bytes.toString("latin1", 4, 8) !== "ftyp") return undefined;
  const brand = bytes.toString("latin1", 8, 12);
  if (brand !== "mif1" && brand !== "msf1") return BRANDS[brand];
  const end = Math.min(bytes.readUInt32BE(0), COMPATIBLE_BRANDS_WITHIN_BYTES);
  return bytes.toString("latin1", 16, end).includes("avi") ? "avif" : "heic";
}
