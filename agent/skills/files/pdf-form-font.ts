import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type PDFDocument, type PDFFont, StandardFonts } from "@cantoo/pdf-lib";
import { FONTS_DIR } from "./write/fonts.ts";

/** Windows-1252, which is what the fonts that every reader has can show. */
const STANDARD_LETTERS = /^[\n\r\t -~\u00a0-ÿ€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$/;

/** The font for what is filled in: one that every reader has, or one that is put into the file, for other letters. */
export async function embedUnicodeFont(document: PDFDocument, words: string): Promise<PDFFont> {
  if (STANDARD_LETTERS.test(words)) return document.embedFont(StandardFonts.Helvetica);
  // It has no types; the document takes it as it is.
  document.registerFontkit(createRequire(import.meta.url)("fontkit"));
  return document.embedFont(await readFile(`${FONTS_DIR}/Roboto-Regular.ttf`));
}
