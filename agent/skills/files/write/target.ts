import { Type } from "typebox";

const DOCUMENTS = ["md", "txt", "docx", "pdf", "pptx"] as const;
const SHEETS = ["xlsx", "csv"] as const;
export type DocumentTarget = (typeof DOCUMENTS)[number];
export type SheetTarget = (typeof SHEETS)[number];

/** What kinds of files are made here. */
export const Target = Type.Enum([...DOCUMENTS, ...SHEETS]);

export const isDocumentTarget = (kind: string): kind is DocumentTarget =>
  DOCUMENTS.some((each) => each === kind);
export const isSheetTarget = (kind: string): kind is SheetTarget => SHEETS.some((each) => each === kind);
