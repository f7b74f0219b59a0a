import type { Sandbox } from "../kit/sandbox.ts";
import { BytesAnswer } from "./requests.ts";
import { pictureWork } from "./work.ts";

/**
 * Makes a JPEG that a model can look at of a picture from a person's message, HEIC above all: upright, on white, at most
 * 2,048 px on its longer side, without metadata. Works on JPEG, PNG, GIF (first frame), WebP, AVIF, HEIC and TIFF, told apart
 * by their bytes. Throws ToolError with a sentence when it is damaged, too large or no picture.
 */
export async function pictureToJpeg(
  sandbox: Sandbox,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Buffer> {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  const answer = await pictureWork(sandbox, { kind: "jpeg", base64 }, BytesAnswer, signal);
  return Buffer.from(answer.base64, "base64");
}
