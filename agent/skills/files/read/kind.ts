import { FileError, type FileProblem } from "../../../server/attachments/file-error.ts";
import { fileTypeOf } from "../../../server/attachments/file-type.ts";
import { readPlainText } from "../../../server/attachments/plain-text.ts";
import { unpackDocument } from "../../../server/attachments/unpack.ts";
import { ToolError } from "../../kit/tool-error.ts";
import { FILES_LIMITS } from "../limits.ts";

/** A file by what is in it. Packed documents are archives of their XML; `note` is for the model, "" for none. */
export type OpenedFile = { note: string } & (
  | { kind: "pdf"; bytes: Uint8Array }
  | { kind: "docx" | "xlsx" | "pptx"; archive: Uint8Array }
  | { kind: "csv" | "md" | "html" | "txt"; text: string }
);

const SENTENCES: Partial<Record<FileProblem, string>> = {
  encrypted: "The file is protected with a password. Ask for a copy without one.",
  damaged: "The file is damaged or incomplete. Ask for it to be sent again.",
  empty: "The file is empty.",
  "no-text": "There is no text in the file. If it is a scan, read its pictures with the image tools.",
  "expands-too-much": "The file was not opened, because far too much is packed into it.",
};

const UNKNOWN =
  "This kind of file is not known here. PDF, DOCX, XLSX, PPTX, CSV, HTML, Markdown and text are.";

/** What the readers that are shared with the channel say, in words for the model. */
export const asToolError = (error: FileError): ToolError =>
  new ToolError(SENTENCES[error.problem] ?? UNKNOWN, { cause: error });

/** Tells a file by its bytes; its name decides between kinds of text only. Throws ToolError. */
export function identify(bytes: Buffer, filename: string): OpenedFile {
  try {
    const opened = byBytes(bytes, filename);
    const named = /\.([a-z0-9]{1,8})$/i.exec(filename)?.[1]?.toLowerCase() ?? "";
    const isMisnamed =
      OFFICE.has(named) !== OFFICE.has(opened.kind) || (OFFICE.has(named) && family(named) !== opened.kind);
    const misnamed = isMisnamed
      ? `By its content this is ${opened.kind.toUpperCase()}, whatever its name says.`
      : "";
    return { ...opened, note: [misnamed, opened.note].filter(Boolean).join(" ") };
  } catch (error) {
    if (error instanceof FileError) throw asToolError(error);
    throw error;
  }
}

const OFFICE: ReadonlySet<string> = new Set([
  "pdf",
  "docx",
  "docm",
  "dotx",
  "xlsx",
  "xlsm",
  "xltx",
  "pptx",
  "pptm",
]);
const family = (extension: string): string =>
  extension === "pdf" ? "pdf" : `${extension.slice(0, 3).replace("dot", "doc").replace("xlt", "xls")}x`;

/** The stream of an encrypted document in an OLE container; without it, it is a format of before 2007. */
const ENCRYPTED_OFFICE = Buffer.from("EncryptedPackage", "utf16le");

function byBytes(bytes: Buffer, filename: string): OpenedFile {
  if (bytes.length === 0) throw new FileError("empty");
  const type = fileTypeOf(bytes, { filename, mimeType: "" });
  switch (type.kind) {
    case "pdf":
      return { kind: "pdf", bytes: new Uint8Array(bytes), note: "" };
    case "packed":
      return byParts(bytes);
    case "ole":
      if (bytes.includes(ENCRYPTED_OFFICE)) throw new FileError("encrypted");
      throw new ToolError("This is an Office format of before 2007. Ask for it as DOCX, XLSX, PPTX or PDF.");
    case "image":
    case "heic":
      throw new ToolError("This is a picture: use the image tools.");
    case "audio":
    case "video":
      throw new ToolError(`This is ${type.kind}, and not a document.`);
    case "other":
      return byText(bytes, filename);
  }
}

function byParts(bytes: Buffer): OpenedFile {
  const { names, archive } = unpackDocument(bytes);
  const note = bytes.includes("vbaProject.bin")
    ? "It holds macros: they were left out and nothing of them was run."
    : "";
  if (names.some((name) => name.startsWith("word/"))) return { kind: "docx", archive, note };
  if (names.includes("xl/workbook.xml")) return { kind: "xlsx", archive, note };
  if (names.includes("ppt/presentation.xml")) return { kind: "pptx", archive, note };
  throw new ToolError(`${UNKNOWN} (It is an archive; unpack it with the shell.)`);
}

function byText(bytes: Buffer, filename: string): OpenedFile {
  const read = readPlainText(bytes, FILES_LIMITS.fileMaxBytes);
  if (read === undefined) throw new ToolError(UNKNOWN);
  const { text } = read;
  if (text.trim() === "") throw new FileError("empty");
  if (/^\s*(?:<!doctype html|<html[\s>])/i.test(text) || /\.html?$/i.test(filename))
    return { kind: "html", text, note: "" };
  if (/\.(?:csv|tsv)$/i.test(filename)) return { kind: "csv", text, note: "" };
  return { kind: /\.(?:md|markdown)$/i.test(filename) ? "md" : "txt", text, note: "" };
}
