import sharp from "sharp";
import { Value } from "typebox/value";
import { serveWork } from "../kit/serve-work.ts";
import { type Canvas, settled } from "./canvas.ts";
import { combined } from "./combine.ts";
import { described } from "./describe.ts";
import { LOOK_MAX_SIDE, MESSAGE_MAX_SIDE } from "./limits.ts";
import { openPicture, type Picture, pictureOf } from "./open-picture.ts";
import { areaIn } from "./place.ts";
import { type BytesAnswer, type Edit, type EditAnswer, type LookAnswer, PictureRequest } from "./requests.ts";
import { afterSteps } from "./steps.ts";
import { encoderFor, writeNewPicture } from "./write-picture.ts";

// A process for each piece of work: nothing is asked for twice, and threads of their own only take memory.
sharp.cache(false);
sharp.concurrency(1);

async function look(path: string, area: string | undefined): Promise<LookAnswer> {
  const picture = await openPicture(path);
  const whole = picture.image();
  const part = area === undefined ? whole : whole.extract(areaIn(picture, area, "The area"));
  const shown = await settled(bounded(part, LOOK_MAX_SIDE));
  return { about: await described(picture, shown), base64: await jpegOf(shown) };
}

async function edit({ paths, layout, steps = [], out }: Edit): Promise<EditAnswer> {
  const encode = encoderFor(out);
  const { framesLeftOut, ...start } =
    paths.length > 1 ? await combined(paths, layout ?? "row") : await single(paths[0] ?? "");
  const { image, width, height } = await afterSteps(start, steps);
  const content = await encode(image).toBuffer();
  const path = await writeNewPicture(out, content);
  return { path, width, height, bytes: content.length, framesLeftOut };
}

async function single(path: string): Promise<Canvas & { framesLeftOut: number }> {
  const { width, height, hasAlpha, frames, image } = await openPicture(path);
  return { image: image(), width, height, hasAlpha, framesLeftOut: frames - 1 };
}

const jpeg = async (picture: Picture): Promise<string> =>
  jpegOf(await settled(bounded(picture.image(), MESSAGE_MAX_SIDE)));

const bounded = (image: Canvas["image"], side: number): Canvas["image"] =>
  image.resize({ width: side, height: side, fit: "inside", withoutEnlargement: true });

const jpegOf = async ({ image }: Canvas): Promise<string> =>
  (await image.flatten({ background: "#ffffff" }).jpeg({ quality: 85 }).toBuffer()).toString("base64");

async function words(text: string): Promise<BytesAnswer> {
  const [width, height] = [800, 160];
  const image = sharp({ create: { width, height, channels: 3, background: "#ffffff" } });
  const step = { op: "text", at: "40,40", text, color: "black", size: 60 } as const;
  const page = await afterSteps({ image, width, height, hasAlpha: false }, [step]);
  return { base64: (await page.image.png().toBuffer()).toString("base64") };
}

await serveWork(async (request) => {
  const asked = Value.Parse(PictureRequest, request);
  switch (asked.kind) {
    case "look":
      return look(asked.path, asked.area);
    case "edit":
      return edit(asked.edit);
    case "jpeg":
      return { base64: await jpeg(await pictureOf(Buffer.from(asked.base64, "base64"))) };
    case "words":
      return words(asked.text);
  }
}, "The picture is damaged or cut short, or is not what it seems to be.");
