import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { createWorker, OEM } from "tesseract.js";
import { Value } from "typebox/value";
import { serveWork } from "../kit/serve-work.ts";
import { ToolError } from "../kit/tool-error.ts";
import { OCR_MAX_ENLARGEMENT, OCR_MAX_SIDE, OCR_MIN_SIDE, OCR_TEXT_MAX_CHARS } from "./limits.ts";
import { openPicture, pictureOf } from "./open-picture.ts";
import { areaIn, type Size } from "./place.ts";
import { type OcrAnswer, OcrRequest } from "./requests.ts";

const LANGUAGE = "eng";
/** A folder of the package, so that nothing is fetched: without it tesseract.js asks a CDN. */
const DATA = import.meta.resolve("@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz");

sharp.cache(false);
sharp.concurrency(1);

async function read(image: Sharp, size: Size): Promise<OcrAnswer> {
  const page = await legible(image, size).png({ compressionLevel: 1 }).toBuffer();
  const failure = Promise.withResolvers<never>();
  const worker = await Promise.race([
    failure.promise,
    createWorker(LANGUAGE, OEM.LSTM_ONLY, {
      langPath: dirname(fileURLToPath(DATA)),
      cacheMethod: "none",
      gzip: true,
      // Without a handler it throws outside of any call; with one a failed start would never be told.
      errorHandler: () => failure.reject(new ToolError("The text of this picture cannot be read.")),
    }),
  ]);
  const { data } = await worker.recognize(page);
  const text = data.text.trim();
  const isCut = text.length > OCR_TEXT_MAX_CHARS;
  return { text: text.slice(0, OCR_TEXT_MAX_CHARS), confidence: data.confidence, isCut };
}

/** Grey on white, and of a size at which letters are of some 30 px. */
function legible(image: Sharp, { width, height }: Size): Sharp {
  const side = Math.max(width, height);
  const wanted = Math.min(Math.max(side, OCR_MIN_SIDE), OCR_MAX_SIDE, side * OCR_MAX_ENLARGEMENT);
  return image
    .flatten({ background: "#ffffff" })
    .resize({ width: wanted, height: wanted, fit: "inside" })
    .greyscale()
    .normalise();
}

await serveWork(async (request) => {
  const asked = Value.Parse(OcrRequest, request);
  if ("base64" in asked) {
    const picture = await pictureOf(Buffer.from(asked.base64, "base64"));
    return read(picture.image(), picture);
  }
  const picture = await openPicture(asked.path);
  if (asked.area === undefined) return read(picture.image(), picture);
  const area = areaIn(picture, asked.area, "The area");
  return read(picture.image().extract(area), area);
}, "The picture is damaged or cut short, or is not what it seems to be.");
