import { ToolError } from "../kit/tool-error.ts";

const NAMED: Readonly<Record<string, string>> = {
  ...{
    black: "#000000",
    white: "#ffffff",
    gray: "#808080",
    grey: "#808080",
    red: "#ff0000",
    green: "#008000",
  },
  ...{ blue: "#0000ff", yellow: "#ffff00", orange: "#ffa500", purple: "#800080", pink: "#ff69b4" },
  ...{ brown: "#8b4513", cyan: "#00ffff", magenta: "#ff00ff", lime: "#00ff00" },
};
const DEFAULT = "#ff0000";

/** "#rrggbb" for a colour as the model names it; red by default. Throws ToolError. */
export function colorOf(name = DEFAULT): string {
  const color = NAMED[name.toLowerCase()] ?? name.toLowerCase();
  if (/^#[0-9a-f]{6}$/.test(color)) return color;
  throw new ToolError(`There is no colour ${JSON.stringify(name)}: use #rrggbb or a plain name like red.`);
}
