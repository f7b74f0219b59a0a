import { getDocumentProxy } from "unpdf";
import { FileError } from "./file-error.ts";
import { PDF_MAX_PAGES, TEXT_MAX_CHARS } from "./limits.ts";
import type { CutText } from "./plain-text.ts";
import { cutText } from "./plain-text.ts";

/** The text of a PDF, each page under a mark with its number. Throws a FileError. */
export async function extractPdf(bytes: Uint8Array): Promise<CutText> {
  const document = await openPdf(bytes);
  const pages: string[] = [];
  let chars = 0;
  let hasText = false;
  const last = Math.min(document.numPages, PDF_MAX_PAGES);
  for (let number = 1; number <= last && chars <= TEXT_MAX_CHARS; number += 1) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const text = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("");
    hasText ||= text.trim() !== "";
    pages.push(`[Page ${number} of ${document.numPages}]\n${text.trim()}`);
    chars += text.length;
    page.cleanup();
  }
  if (!hasText) throw new FileError("no-text");
  const cut = cutText(pages.join("\n\n"));
  return { text: cut.text, isCut: cut.isCut || pages.length < document.numPages };
}

/** Throws a FileError when it is locked or damaged. */
export async function openPdf(bytes: Uint8Array) {
  try {
    return await getDocumentProxy(bytes, { verbosity: 0 });
  } catch (error) {
    const isLocked = error instanceof Error && error.name === "PasswordException";
    throw new FileError(isLocked ? "encrypted" : "damaged", { cause: error });
  }
}
