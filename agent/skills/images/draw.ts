import { fileURLToPath } from "node:url";
import sharp, { type OverlayOptions } from "sharp";
import { ToolError } from "../kit/tool-error.ts";
import type { Canvas } from "./canvas.ts";
import { colorOf } from "./color.ts";
import { PICTURE_MAX_PIXELS } from "./limits.ts";
import { areaIn, clipped, placeIn, type Rectangle } from "./place.ts";
import type { Step } from "./requests.ts";

/** Machines that run agents have no fonts of their own, so letters are drawn with this one: Latin, Greek and Cyrillic. */
const FONT = { family: "Roboto Medium", file: import.meta.resolve("pdfmake/fonts/Roboto/Roboto-Medium.ttf") };
/** What the font has; a letter that it lacks would show as an empty box. */
const LETTERS =
  /^[\n\u0020-\u007e\u00a0-\u017f\u01a0\u01a1\u01af\u01b0\u0218-\u021b\u0386-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u0513\u1ea0-\u1ef9\u2010\u2011\u2013-\u2015\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20a9-\u20ac\u20b9\u20bd\u2116\u2122\u2212\u221e\u2248\u2260\u2264\u2265]*$/u;

/** What is laid over a picture for one step; undefined when nothing of it is within the picture. Throws ToolError. */
export async function drawn(canvas: Canvas, step: Step): Promise<OverlayOptions | undefined> {
  if (step.op === "text") return drawnText(canvas, step);
  const line = step.size ?? Math.max(2, Math.round(Math.min(canvas.width, canvas.height) / 100));
  return step.op === "box" ? drawnBox(canvas, step, line) : drawnArrow(canvas, step, line);
}

function drawnBox(canvas: Canvas, step: Step, line: number): OverlayOptions {
  const { left, top, width, height } = areaIn(canvas, step.at, "The box");
  const color = colorOf(step.color);
  const rectangle = { left, top, width, height };
  if (step.fill === true)
    return shape(
      rectangle,
      `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${color}"/>`,
    );
  // The line lies within the box, however small that is.
  const inset = Math.min(line, width, height) / 2;
  const place = `x="${left + inset}" y="${top + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}"`;
  return shape(rectangle, `<rect ${place} fill="none" stroke="${color}" stroke-width="${2 * inset}"/>`);
}

/** From the first point to the second, where its head is. */
function drawnArrow(canvas: Canvas, step: Step, line: number): OverlayOptions | undefined {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = placeIn(canvas, step.at, 4, "The arrow");
  const head = 4 * line;
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length === 0) throw new ToolError("The arrow needs two different points.");
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [baseX, baseY] = [x2 - dx * head, y2 - dy * head];
  const wing = head / 2;
  const corners = [
    [x2, y2],
    [baseX - dy * wing, baseY + dx * wing],
    [baseX + dy * wing, baseY - dx * wing],
  ];
  const color = colorOf(step.color);
  const shaft = `<line x1="${x1}" y1="${y1}" x2="${baseX}" y2="${baseY}" stroke="${color}" stroke-width="${line}"/>`;
  const area = clipped(
    canvas,
    ...([Math.min(x1, x2) - head, Math.min(y1, y2) - head] as const),
    ...([Math.max(x1, x2) + head, Math.max(y1, y2) + head] as const),
  );
  return area && shape(area, `${shaft}<polygon points="${corners.join(" ")}" fill="${color}"/>`);
}

/** A drawing of ours, made of numbers and a checked colour, of which `area` is seen. */
function shape({ left, top, width, height }: Rectangle, content: string): OverlayOptions {
  const box = `width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${content}</svg>`;
  return { input: Buffer.from(svg), left, top };
}

/** Text begins at its upper left corner and is broken at the right edge. */
async function drawnText(canvas: Canvas, step: Step): Promise<OverlayOptions | undefined> {
  const { text = "" } = step;
  if (text.trim() === "") throw new ToolError("The text step needs text.");
  if (!LETTERS.test(text))
    throw new ToolError(
      "Only Latin, Greek and Cyrillic letters and plain punctuation can be drawn, no emoji.",
    );
  const [x = 0, y = 0] = placeIn(canvas, step.at ?? "2%,2%", 2, "The text").map(Math.round);
  const size = Math.round(step.size ?? Math.max(12, canvas.height / 20));
  if (x < 0 || y < 0 || x >= canvas.width || y >= canvas.height)
    throw new ToolError(`The text begins outside of the picture, ${canvas.width} x ${canvas.height} px.`);
  if (size * size * text.length > PICTURE_MAX_PIXELS) throw new ToolError("Letters that large do not fit.");
  const markup = `<span foreground="${colorOf(step.color)}">${escaped(text)}</span>`;
  const font = { font: `${FONT.family} ${size}px`, fontfile: fileURLToPath(FONT.file) };
  const letters = sharp({
    text: { ...font, text: markup, width: canvas.width - x, wrap: "word-char", rgba: true },
  });
  const { data, info } = await letters.png().toBuffer({ resolveWithObject: true });
  const seen = clipped(canvas, x, y, x + info.width, y + info.height);
  if (seen === undefined) return undefined;
  const input = await sharp(data)
    .extract({ ...seen, left: 0, top: 0 })
    .png()
    .toBuffer();
  return { input, left: x, top: y };
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
