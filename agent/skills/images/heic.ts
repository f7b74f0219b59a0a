import libheif, { type HeifHandle, type HeifPlane } from "libheif-js/wasm-bundle.js";
import { ToolError } from "../kit/tool-error.ts";
import { tooManyPixels } from "./pixels.ts";
import type { Size } from "./place.ts";

/** Pixels without anything around them: rows of `channels` bytes each, from the top. */
export interface RawPixels extends Size {
  data: Buffer;
  channels: 3 | 4;
}

interface HeicHeader extends Size {
  hasAlpha: boolean;
}

/**
 * What a HEIC file says of its main picture, upright: its rotation is part of the format and applied by the decoder. Throws
 * ToolError for what is damaged or too large.
 */
export function heicHeader(bytes: Buffer): HeicHeader {
  const header = withMainPicture(bytes, headerOf);
  if (!tooManyPixels(header.width, header.height)) return header;
  throw new ToolError(`The picture is too large: ${header.width} x ${header.height} px.`);
}

/** Decodes it. Throws ToolError for what is damaged. */
export const decodeHeic = (bytes: Buffer): RawPixels => withMainPicture(bytes, decode);

function withMainPicture<Result>(bytes: Buffer, use: (handle: HeifHandle) => Result): Result {
  const context = libheif.heif_context_alloc();
  try {
    const read = libheif.heif_context_read_from_memory(context, bytes);
    if (read.code.value !== 0) throw damaged();
    const handle = libheif.heif_js_context_get_primary_image_handle(context);
    if ("code" in handle) throw damaged();
    try {
      return use(handle);
    } finally {
      libheif.heif_image_handle_release(handle);
    }
  } finally {
    libheif.heif_context_free(context);
  }
}

const headerOf = (handle: HeifHandle): HeicHeader => ({
  width: libheif.heif_image_handle_get_width(handle),
  height: libheif.heif_image_handle_get_height(handle),
  hasAlpha: libheif.heif_image_handle_has_alpha_channel(handle) !== 0,
});

function decode(handle: HeifHandle): RawPixels {
  const channels = headerOf(handle).hasAlpha ? 4 : 3;
  const { heif_chroma_interleaved_RGB: rgb, heif_chroma_interleaved_RGBA: rgba } = libheif.heif_chroma;
  const chroma = channels === 3 ? rgb : rgba;
  const decoded = libheif.heif_js_decode_image2(handle, libheif.heif_colorspace.heif_colorspace_RGB, chroma);
  if (!("channels" in decoded)) throw damaged();
  try {
    const [plane] = decoded.channels;
    if (plane === undefined) throw damaged();
    return { ...withoutPadding(plane, channels), width: plane.width, height: plane.height, channels };
  } finally {
    libheif.heif_image_release(decoded.image);
  }
}

/** Copies a plane out of the decoder's memory; its rows begin at multiples of 16 bytes or more. */
function withoutPadding({ data, width, height, stride }: HeifPlane, channels: number): { data: Buffer } {
  const bytesPerRow = width * channels;
  const rows = Buffer.allocUnsafe(bytesPerRow * height);
  for (let row = 0; row < height; row += 1)
    rows.set(data.subarray(row * stride, row * stride + bytesPerRow), row * bytesPerRow);
  return { data: rows };
}

const damaged = (): ToolError => new ToolError("The HEIC picture is damaged or cut short.");
