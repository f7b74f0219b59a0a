import { ToolError } from "../kit/tool-error.ts";
import { COMBINED_MAX_PIXELS, PICTURE_MAX_SIDE } from "./limits.ts";
import type { Rectangle, Size } from "./place.ts";
import type { Layout } from "./requests.ts";

/** Where each picture goes, and how large all is. Throws ToolError when it would get too thin to be seen. */
export function arranged(sizes: readonly Size[], layout: Layout): Size & { places: Rectangle[] } {
  const tallest = Math.max(...sizes.map(({ height }) => height));
  const widest = Math.max(...sizes.map(({ width }) => width));
  const columns =
    layout === "row" ? sizes.length : layout === "column" ? 1 : Math.ceil(Math.sqrt(sizes.length));
  const scaled = sizes.map(({ width, height }) => {
    const [toWidth, toHeight] = [widest / width, tallest / height];
    const scale = layout === "row" ? toHeight : layout === "column" ? toWidth : Math.min(toWidth, toHeight);
    return { width: width * scale, height: height * scale };
  });
  const cells = cellsOf(scaled, layout, columns, { width: widest, height: tallest });
  const full = {
    width: Math.max(...cells.map(({ left, width }) => left + width)),
    height: Math.max(...cells.map(({ top, height }) => top + height)),
  };
  const scale = Math.min(
    ...[1, PICTURE_MAX_SIDE / full.width, PICTURE_MAX_SIDE / full.height],
    Math.sqrt(COMBINED_MAX_PIXELS / (full.width * full.height)),
  );
  const places = scaled.map((size, index) => {
    const cell = cells[index] ?? { left: 0, top: 0, ...size };
    const x = cell.left + (cell.width - size.width) / 2;
    const y = cell.top + (cell.height - size.height) / 2;
    // Edges are rounded, and not sizes, so that neighbours touch.
    const [left, right] = [Math.round(scale * x), Math.round(scale * (x + size.width))];
    const [top, bottom] = [Math.round(scale * y), Math.round(scale * (y + size.height))];
    return { left, top, width: right - left, height: bottom - top };
  });
  if (places.some(({ width, height }) => width < 1 || height < 1))
    throw new ToolError("These pictures are of too different shapes to be combined. Crop them first.");
  return { width: Math.round(scale * full.width), height: Math.round(scale * full.height), places };
}

function cellsOf(sizes: readonly Size[], layout: Layout, columns: number, largest: Size): Rectangle[] {
  let [left, top] = [0, 0];
  return sizes.map((size, index) => {
    const cell = { left, top, ...(layout === "grid" ? largest : size) };
    const isRowFull = (index + 1) % columns === 0;
    top += isRowFull ? cell.height : 0;
    left = isRowFull ? 0 : left + cell.width;
    return cell;
  });
}
