import type { Sharp } from "sharp";
import { ToolError } from "../kit/tool-error.ts";
import { type Canvas, settled } from "./canvas.ts";
import { drawn } from "./draw.ts";
import { PICTURE_MAX_SIDE } from "./limits.ts";
import { megapixels, tooManyPixels } from "./pixels.ts";
import { areaIn } from "./place.ts";
import type { Step } from "./requests.ts";

/** Does the steps in order. Throws ToolError that says which one cannot be done. */
export async function afterSteps(start: Canvas, steps: readonly Step[]): Promise<Canvas> {
  let canvas = start;
  for (const [index, step] of steps.entries()) {
    try {
      canvas = await settled(await afterStep(canvas, step));
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      throw new ToolError(`Step ${index + 1} (${step.op}): ${error.message}`);
    }
  }
  return canvas;
}

async function afterStep(canvas: Canvas, step: Step): Promise<Sharp> {
  const { image } = canvas;
  switch (step.op) {
    case "resize":
      return resized(canvas, step);
    case "crop":
      return image.extract(areaIn(canvas, step.at, "The part to keep"));
    case "rotate":
      return rotated(canvas, step.degrees);
    case "mirror":
      return image.flop();
    case "text":
    case "box":
    case "arrow": {
      const overlay = await drawn(canvas, step);
      if (overlay === undefined) return image;
      const laid = image.composite([overlay]);
      return canvas.hasAlpha ? laid : laid.removeAlpha();
    }
  }
}

/** With one of the two sides given the other follows; how both are met is a question only when both are given. */
function resized({ image, ...size }: Canvas, { width, height, fit = "inside" }: Step): Sharp {
  if (width === undefined && height === undefined) throw new ToolError("It needs width, height or both.");
  if (width !== undefined && height !== undefined && fit !== "inside") {
    requireUsable(width, height);
    return image.resize({ width, height, fit });
  }
  const scale = Math.min((width ?? Infinity) / size.width, (height ?? Infinity) / size.height);
  requireUsable(size.width * scale, size.height * scale);
  return image.resize({ width, height, fit: "inside" });
}

/** What comes to light at the corners is transparent, or white in formats that know no transparency. */
function rotated({ image, ...size }: Canvas, degrees: number | undefined): Sharp {
  if (degrees === undefined) throw new ToolError("It needs degrees.");
  if (degrees % 90 === 0) return image.rotate(degrees);
  const radians = (degrees * Math.PI) / 180;
  const [sin, cos] = [Math.abs(Math.sin(radians)), Math.abs(Math.cos(radians))];
  requireUsable(size.width * cos + size.height * sin, size.width * sin + size.height * cos);
  return image.ensureAlpha().rotate(degrees, { background: { r: 255, g: 255, b: 255, alpha: 0 } });
}

function requireUsable(width: number, height: number): void {
  if (Math.max(width, height) <= PICTURE_MAX_SIDE && !tooManyPixels(width, height)) return;
  const size = megapixels(width, height);
  throw new ToolError(`That gives ${size}; at most 50, and ${PICTURE_MAX_SIDE} px on a side, are made.`);
}
