import { FILE_MAX_BYTES } from "../../server/attachments/limits.ts";

export const FILES_LIMITS = {
  /** The largest file that is opened. */
  fileMaxBytes: FILE_MAX_BYTES,
  /** What one reading tells the model; the rest is had by parts. */
  readMaxChars: 20_000,
  /** Markdown in one call. */
  contentMaxChars: 400_000,
  /** Of one call that makes sheets. */
  sheetsMax: 30,
  cellsMax: 200_000,
  chartsMax: 20,
  chartPointsMax: 500,
  chartSeriesMax: 12,
  /** Of a file that is read or converted. */
  pagesMax: 1_000,
  rowsMax: 200_000,
  columnsMax: 500,
  slidesMax: 1_000,
  /** Rows of all tables in a document made for reading or showing; a sheet takes more. */
  documentRowsMax: 3_000,
  /** What Excel allows. */
  cellMaxChars: 32_767,
  sheetNameMaxChars: 31,
  formFieldsMax: 500,
  formValueMaxChars: 10_000,
  /** What the message tool can send. */
  sendMaxBytes: 1_000_000,
  formulasShownMax: 60,
  timeoutMs: 90_000,
} as const;
