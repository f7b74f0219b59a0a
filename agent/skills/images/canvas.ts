import sharp, { type Sharp } from "sharp";

/** A picture that is being worked on, and its size once `image` has run. */
export interface Canvas {
  image: Sharp;
  width: number;
  height: number;
  /** Whether it can be seen through anywhere. */
  hasAlpha: boolean;
}

/** Runs what has been asked of a picture so far, so that what comes next is done after it. */
export async function settled(image: Sharp): Promise<Canvas> {
  const { data, info } = await image.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const raw = { width, height, channels };
  return { image: sharp(data, { raw, limitInputPixels: false }), width, height, hasAlpha: info.hasAlpha };
}
