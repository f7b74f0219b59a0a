import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Roboto, which comes with pdfmake: Latin, Greek and Cyrillic. */
export const FONTS_DIR = join(
  dirname(createRequire(import.meta.url).resolve("pdfmake/package.json")),
  "fonts/Roboto",
);
