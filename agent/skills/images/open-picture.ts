import { constants, open } from "node:fs/promises";
import sharp, { type Metadata, type Sharp } from "sharp";
import { ToolError } from "../kit/tool-error.ts";
import { workspacePath } from "../kit/workspace-path.ts";
import { decodeHeic, heicHeader } from "./heic.ts";
import { PICTURE_MAX_BYTES, PICTURE_MAX_PIXELS } from "./limits.ts";
import { type PictureType, pictureTypeOf } from "./picture-type.ts";
import { megapixels, tooManyPixels } from "./pixels.ts";
import { tiffOf } from "./tiff.ts";

/** A picture of which only the header has been read. */
export interface Picture {
  type: PictureType;
  bytes: number;
  /** Upright, as people see it. */
  width: number;
  height: number;
  /** 1 unless it moves. */
  frames: number;
  hasAlpha: boolean;
  /** Raw EXIF and XMP, where it has them. */
  exif: Buffer | undefined;
  xmp: Buffer | undefined;
  /** Begins to decode: the first frame, upright, in sRGB. */
  image(): Sharp;
}

const OPTIONS = { limitInputPixels: PICTURE_MAX_PIXELS, failOn: "error" } as const;
/** Of a pipe that nobody writes to, opening does not wait. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK;
const TOO_LARGE = `The file is larger than ${PICTURE_MAX_BYTES / 1_024 / 1_024} MB, which is too large for a picture.`;

/** Opens a file of the agent's folder. Throws ToolError. */
export async function openPicture(path: string): Promise<Picture> {
  return pictureOf(await readPicture(path));
}

async function readPicture(path: string): Promise<Buffer> {
  const file = await open(await workspacePath(process.cwd(), path), READING).catch(() => {
    // Whether it is missing or not to be read makes no difference to the model.
    throw new ToolError(`There is no file ${JSON.stringify(path)}.`);
  });
  try {
    const about = await file.stat();
    if (!about.isFile()) throw new ToolError(`${JSON.stringify(path)} is no file.`);
    if (about.size > PICTURE_MAX_BYTES) throw new ToolError(TOO_LARGE);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Reads the header of a picture. Throws ToolError for what is no picture or too large, and an Error for a damaged one. */
export async function pictureOf(bytes: Buffer): Promise<Picture> {
  if (bytes.length > PICTURE_MAX_BYTES) throw new ToolError(TOO_LARGE);
  const type = pictureTypeOf(bytes);
  if (type === "heic") return heicOf(bytes);
  const { width, height, ...metadata } = upright(await headerOf(bytes));
  if (tooManyPixels(width, height)) {
    const size = `${width} x ${height} px, ${megapixels(width, height)}`;
    throw new ToolError(`The picture is too large (${size}); at most 50 megapixels are opened.`);
  }
  return {
    ...{ type, bytes: bytes.length, width, height },
    frames: metadata.pages ?? 1,
    hasAlpha: metadata.hasAlpha,
    exif: metadata.exif,
    xmp: metadata.xmp,
    image: () => sharp(bytes, OPTIONS).autoOrient(),
  };
}

async function heicOf(bytes: Buffer): Promise<Picture> {
  const { width, height, hasAlpha } = heicHeader(bytes);
  const { exif, xmp, icc } = await heicMetadata(bytes);
  const image = (): Sharp => {
    const pixels = decodeHeic(bytes);
    if (icc !== undefined) return sharp(tiffOf(pixels, icc), OPTIONS);
    const { data, ...raw } = pixels;
    return sharp(data, { ...OPTIONS, raw });
  };
  return { type: "heic", bytes: bytes.length, width, height, frames: 1, hasAlpha, exif, xmp, image };
}

/** libvips reads what is written about a HEIC picture, though it cannot decode it. */
async function heicMetadata(bytes: Buffer): Promise<Pick<Metadata, "exif" | "xmp" | "icc">> {
  try {
    return await sharp(bytes, OPTIONS).metadata();
  } catch {
    // It is stricter about the container than the decoder is, and says nothing more of use.
    return {};
  }
}

/** The limit of pixels is checked by the caller, who knows how to say it. */
const headerOf = (bytes: Buffer): Promise<Metadata> =>
  sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata();

const upright = (metadata: Metadata): Metadata =>
  (metadata.orientation ?? 1) < 5
    ? metadata
    : { ...metadata, width: metadata.height, height: metadata.width };
