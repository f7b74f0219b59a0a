import sharp, { type Sharp } from "sharp";

/** A picture that is being worked on, and its size once `image` has run. */
export interface Canvas {
  image: Sharp;
  width: number;
  height: number;
}

/** Runs what has been asked of a picture so far, so that what comes next is done after it. */
export async function settled(image: Sharp): Promise<Canvas> {
  const { data, info } = await image.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { image: sharp(data, { raw: { width, height, channels }, limitInputPixels: false }), width, height };
}
