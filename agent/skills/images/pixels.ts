import { PICTURE_MAX_PIXELS } from "./limits.ts";

/** Whether a picture of this size is not opened and not made. */
export const tooManyPixels = (width: number, height: number): boolean => width * height > PICTURE_MAX_PIXELS;

/** "12.2 megapixels" */
export const megapixels = (width: number, height: number): string =>
  `${((width * height) / 1_000_000).toFixed(1)} megapixels`;
