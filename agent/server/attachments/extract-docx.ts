import mammoth from "mammoth";
import { FileError } from "./file-error.ts";
import { type CutText, cutText } from "./plain-text.ts";

/**
 * The text of a Word document, from an archive made by `unpackDocument`: headings with #, items with a dash, a table's
 * rows as lines with tabs, notes at the end. Throws a FileError.
 */
export async function extractDocx(archive: Uint8Array): Promise<CutText> {
  const convertImage = mammoth.images.imgElement(async () => ({ src: "" }));
  const { value } = await mammoth.convertToHtml({ buffer: Buffer.from(archive) }, { convertImage });
  const cut = cutText(textOf(value).trim());
  if (cut.text === "") throw new FileError("no-text");
  return cut;
}

const CHARACTERS: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&amp;": "&",
};

/** Of the HTML that mammoth writes: a few known elements, and no bare < or > in texts and attributes. */
const textOf = (html: string): string =>
  html
    .replaceAll(/<h([1-6])[^>]*>/g, (_, level) => `${"#".repeat(Number(level))} `)
    .replaceAll(/<[ou]l>/g, "\n")
    .replaceAll(/<li[^>]*>/g, "- ")
    .replaceAll(/<\/p>(?=<\/(?:t[dh]|li)>)/g, "")
    .replaceAll(/<\/t[dh]>(?=<t[dh])/g, "\t")
    .replaceAll(/<\/(?:p|h[1-6]|li|tr)>|<br ?\/?>/g, "\n")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&(?:lt|gt|quot|amp);/g, (name) => CHARACTERS[name] ?? name)
    .replaceAll(/\n{3,}/g, "\n\n");
