import { ToolError } from "../kit/tool-error.ts";

export interface Size {
  width: number;
  height: number;
}
/** Whole pixels. */
export interface Rectangle extends Size {
  left: number;
  top: number;
}

const LENGTH = /^(-?\d{1,6}(?:\.\d{1,6})?)(%|px)?$/;

/**
 * Coordinates as the model writes them, "10,20%,300,40px", in pixels of the picture: horizontal and vertical by turns.
 * Throws ToolError when there are not `count` of them.
 */
export function placeIn(size: Size, text: string | undefined, count: 2 | 4, what: string): number[] {
  const parts = text?.split(",").map((part) => LENGTH.exec(part.trim())) ?? [];
  const places = parts.flatMap((match, index) => {
    if (match === null) return [];
    const whole = index % 2 === 0 ? size.width : size.height;
    return [match[2] === "%" ? (Number(match[1]) * whole) / 100 : Number(match[1])];
  });
  if (parts.length === count && places.length === count) return places;
  const example = count === 2 ? "10%,20%" : "0,0,50%,100%";
  throw new ToolError(`${what} needs ${count} numbers in px or %, like "${example}".`);
}

/** The part of a picture that "x,y,width,height" means. Throws ToolError when it lies outside. */
export function areaIn(size: Size, text: string | undefined, what: string): Rectangle {
  const [x = 0, y = 0, width = 0, height = 0] = placeIn(size, text, 4, what);
  const area = clipped(size, x, y, x + width, y + height);
  if (area !== undefined) return area;
  throw new ToolError(`${what} lies outside of the picture, which is ${size.width} x ${size.height} px.`);
}

/** What lies within the picture between two corners, in whole pixels; undefined when nothing does. */
export function clipped(size: Size, x1: number, y1: number, x2: number, y2: number): Rectangle | undefined {
  const left = Math.max(0, Math.round(x1));
  const top = Math.max(0, Math.round(y1));
  const width = Math.min(size.width, Math.round(x2)) - left;
  const height = Math.min(size.height, Math.round(y2)) - top;
  return width > 0 && height > 0 ? { left, top, width, height } : undefined;
}
