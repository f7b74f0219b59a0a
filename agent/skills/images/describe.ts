import type { Canvas } from "./canvas.ts";
import type { Picture } from "./open-picture.ts";
import { megapixels } from "./pixels.ts";
import { hasPosition } from "./position.ts";

const COLORS_MAX = 5;
const SAMPLE_SIDE = 64;

/** What the model is told of a picture besides what it sees. */
export async function described(picture: Picture, shown: Canvas): Promise<string> {
  const { type, bytes, width, height, frames } = picture;
  const size = `${width} x ${height} px (${megapixels(width, height)})`;
  const moves = frames > 1 ? [`${frames} frames, the first is shown`] : [];
  const facts = [type.toUpperCase(), size, `${Math.ceil(bytes / 1_024)} KB`, ...moves, metadata(picture)];
  const isSmaller = shown.width < width || shown.height < height;
  const seen = isSmaller ? ` Shown at ${shown.width} x ${shown.height} px.` : "";
  return `${facts.join(", ")}.${seen} Main colours: ${await colors(shown)}.`;
}

function metadata(picture: Picture): string {
  if (hasPosition(picture)) return "with EXIF data and the GPS position of where it was taken";
  return picture.exif === undefined && picture.xmp === undefined
    ? "no EXIF data"
    : "with EXIF data, no GPS position";
}

/** The commonest colours with their share, each rounded to one of 4,096. */
async function colors({ image }: Canvas): Promise<string> {
  const sample = image.clone().resize(SAMPLE_SIDE, SAMPLE_SIDE, { fit: "fill", kernel: "nearest" });
  const rgb = await sample.flatten({ background: "#ffffff" }).toColourspace("srgb").raw().toBuffer();
  const counts = new Map<string, number>();
  for (let at = 0; at + 2 < rgb.length; at += 3) {
    const color = `#${[...rgb.subarray(at, at + 3)].map((value) => hexOf(value)).join("")}`;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const commonest = [...counts].sort(([, one], [, other]) => other - one).slice(0, COLORS_MAX);
  const share = (count: number): string => `${Math.round((300 * count) / rgb.length)}%`;
  return commonest.map(([color, count]) => `${color} ${share(count)}`).join(", ");
}

const hexOf = (value: number): string =>
  Math.round(value / 17)
    .toString(16)
    .repeat(2);
