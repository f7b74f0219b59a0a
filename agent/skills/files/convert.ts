import { ToolError } from "../kit/tool-error.ts";
import { readAsDocument } from "./read/as-document.ts";
import { readAsSheets } from "./read/as-sheets.ts";
import type { OpenedFile } from "./read/kind.ts";
import { type MadeFile, makeDocument, makeSheets } from "./write/make.ts";
import { type DocumentTarget, isSheetTarget, type SheetTarget } from "./write/target.ts";

/** Makes a file of another kind out of what is in a file. Throws ToolError. */
export async function convertFile(file: OpenedFile, to: DocumentTarget | SheetTarget): Promise<MadeFile> {
  if (file.kind === to) throw new ToolError(`It is ${to.toUpperCase()} already.`);
  if (isSheetTarget(to)) return noted(makeSheets(await readAsSheets(file), to), file.note);
  const { blocks, note } = await readAsDocument(file);
  if (blocks.length === 0)
    throw new ToolError(
      "There is no text in the file. If it is a scan, read its pictures with the image tools.",
    );
  const made = await makeDocument(blocks, to);
  return noted(made, [file.note, note].filter(Boolean).join(" "));
}

const noted = (made: MadeFile, note: string): MadeFile => ({
  ...made,
  note: [made.note, note].filter(Boolean).join(" "),
});
