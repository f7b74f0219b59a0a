import { readFileSync } from "node:fs";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pictureToJpeg } from "./index.ts";
import { type ImageWorkspace, openImageWorkspace, pixel, plain, sample } from "./testing.ts";

let workspace: ImageWorkspace;
beforeEach(() => {
  workspace = openImageWorkspace();
});
afterEach(() => workspace.close());

const toJpeg = (bytes: Uint8Array): Promise<Buffer> =>
  pictureToJpeg(workspace.sandbox, bytes, AbortSignal.timeout(60_000));

test("a photo from an iPhone becomes a JPEG that a model can look at, without where it was taken", async () => {
  const jpeg = await toJpeg(readFileSync(sample("pug.heic")));
  const metadata = await sharp(jpeg).metadata();
  expect(metadata).toMatchObject({ format: "jpeg", width: 2_048, height: 1_536 });
  expect(metadata.exif).toBeUndefined();
  expect(jpeg.length).toBeLessThan(1_500_000);
  // The wall, and the dark ear in front of it.
  expect(await brightness(jpeg, 1_600, 400)).toBeGreaterThan(150);
  expect(await brightness(jpeg, 1_050, 800)).toBeLessThan(80);
});

test("a photo that was taken upright is upright", async () => {
  const metadata = await sharp(await toJpeg(readFileSync(sample("arrow.heic")))).metadata();
  expect(metadata).toMatchObject({ width: 1_536, height: 2_048 });
});

test("of several pictures in a file the main one counts, and a small one stays small", async () => {
  const metadata = await sharp(await toJpeg(readFileSync(sample("zPug_3.heic")))).metadata();
  expect(metadata).toMatchObject({ width: 64, height: 64 });
});

test("other formats that a model does not know are turned too", async () => {
  const avif = await plain(300, 200, "#00ff00").avif({ effort: 0 }).toBuffer();
  const tiff = await plain(300, 200, "#00ff00").tiff().toBuffer();
  for (const bytes of [avif, tiff]) {
    const [red = 255, green = 0] = await pixel(await toJpeg(bytes), 150, 100);
    expect(red).toBeLessThan(20);
    expect(green).toBeGreaterThan(235);
  }
});

test("what is damaged, cut short or too large is refused with a sentence", async () => {
  const whole = readFileSync(sample("zPug_3.heic"));
  await expect(toJpeg(readFileSync(sample("corrupted.heic")))).rejects.toThrow("damaged or cut short");
  await expect(toJpeg(whole.subarray(0, whole.length / 2))).rejects.toThrow("damaged or cut short");
  await expect(toJpeg(Buffer.alloc(0))).rejects.toThrow("empty");
  await expect(toJpeg(withSize(whole, 30_000, 30_000))).rejects.toThrow("too large: 30000 x 30000 px");
});

test("the tools open it like any other picture, and say where it was taken that it can be removed", async () => {
  workspace.putSample("pug.heic");
  const { text } = await workspace.use("image_look", { path: "pug.heic" });
  expect(text).toContain(
    "HEIC, 4032 x 3024 px (12.2 megapixels), 1269 KB, with EXIF data and the GPS position",
  );
  const steps = [
    { op: "crop", at: "25%,0,50%,100%" },
    { op: "resize", height: 300 },
  ];
  await workspace.use("image_edit", { paths: ["pug.heic"], out: "pug.jpg", steps });
  const metadata = await sharp(workspace.read("pug.jpg")).metadata();
  expect(metadata).toMatchObject({ format: "jpeg", width: 200, height: 300 });
  expect(metadata.exif).toBeUndefined();
});

/** A file whose pictures say that they are of another size (the `ispe` property of ISO/IEC 23008-12). */
function withSize(heic: Buffer, width: number, height: number): Buffer {
  const changed = Buffer.from(heic);
  for (let at = changed.indexOf("ispe"); at >= 0; at = changed.indexOf("ispe", at + 4)) {
    changed.writeUInt32BE(width, at + 8);
    changed.writeUInt32BE(height, at + 12);
  }
  return changed;
}

async function brightness(picture: Buffer, x: number, y: number): Promise<number> {
  const rgb = await pixel(picture, x, y);
  return rgb.reduce((sum, value) => sum + value, 0) / rgb.length;
}
