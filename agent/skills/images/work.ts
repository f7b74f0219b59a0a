import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import type { Sandbox } from "../kit/sandbox.ts";
import { OCR_TIMEOUT_MS, PICTURE_MAX_RSS_BYTES, PICTURE_TIMEOUT_MS } from "./limits.ts";
import { OcrAnswer, type OcrRequest, type PictureRequest } from "./requests.ts";

const PICTURES = new URL("./images-main.ts", import.meta.url);
const OCR = new URL("./ocr-main.ts", import.meta.url);

/** Runs the picture program in the sandbox. Throws ToolError. */
export async function pictureWork<Answer extends TSchema>(
  sandbox: Sandbox,
  request: PictureRequest,
  answer: Answer,
  signal: AbortSignal,
): Promise<Static<Answer>> {
  const limits = { signal, timeoutMs: PICTURE_TIMEOUT_MS, maxRssBytes: PICTURE_MAX_RSS_BYTES };
  return Value.Parse(answer, await sandbox.work(PICTURES, request, limits));
}

/** Reads the text of a picture in the sandbox. Throws ToolError. */
export async function ocrWork(
  sandbox: Sandbox,
  request: OcrRequest,
  signal: AbortSignal,
): Promise<OcrAnswer> {
  const limits = { signal, timeoutMs: OCR_TIMEOUT_MS, maxRssBytes: PICTURE_MAX_RSS_BYTES };
  return Value.Parse(OcrAnswer, await sandbox.work(OCR, request, limits));
}
