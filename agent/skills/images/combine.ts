import sharp from "sharp";
import { arranged } from "./arrange.ts";
import { type Canvas, settled } from "./canvas.ts";
import { openPicture, type Picture } from "./open-picture.ts";
import type { Rectangle } from "./place.ts";
import type { Layout } from "./requests.ts";

const WHITE = { r: 255, g: 255, b: 255 };

/**
 * Several pictures as one, on white. In a row all get the height of the highest and in a column the width of the widest; in a
 * grid each fills a cell of the greatest width and height as far as its shape allows. One at a time is decoded.
 */
export async function combined(
  paths: readonly string[],
  layout: Layout,
): Promise<Canvas & { framesLeftOut: number }> {
  const pictures: Picture[] = [];
  for (const path of paths) pictures.push(await openPicture(path));
  const { width, height, places } = arranged(pictures, layout);
  const data = Buffer.alloc(width * height * 3, 0xff);
  let framesLeftOut = 0;
  for (const [index, { image, frames }] of pictures.entries()) {
    const place = places[index];
    if (place === undefined) continue;
    const part = image().resize({ width: place.width, height: place.height, fit: "fill" });
    paste(await rgbOf((await settled(part)).image), place, data, width);
    framesLeftOut += frames - 1;
  }
  const raw = { width, height, channels: 3 } as const;
  return { image: sharp(data, { raw }), width, height, hasAlpha: false, framesLeftOut };
}

const rgbOf = (image: Canvas["image"]): Promise<Buffer> =>
  image.flatten({ background: WHITE }).toColourspace("srgb").raw().toBuffer();

function paste(part: Buffer, { left, top, width, height }: Rectangle, data: Buffer, dataWidth: number): void {
  if (part.length !== width * height * 3) throw new Error("a picture has another size than it was given");
  for (let row = 0; row < height; row += 1) {
    const from = row * width * 3;
    data.set(part.subarray(from, from + width * 3), ((top + row) * dataWidth + left) * 3);
  }
}
