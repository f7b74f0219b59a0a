import { plainLine } from "./plain-name.ts";

/** What could end a note of ours around it. */
const MARKS = /["“”[\]]+/g;

/** How a file is called where a model reads it: its name, which is somebody's choice, as one quoted line. */
export function fileLabel(filename: string | null): string {
  const name = plainLine((filename ?? "").replaceAll(MARKS, " "));
  return name === "" ? "a file" : `"${name}"`;
}
