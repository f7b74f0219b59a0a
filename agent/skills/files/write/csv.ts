import { stringify } from "csv-stringify/sync";
import { cellText, type Sheet } from "../model/sheet.ts";

/** A sheet as CSV in UTF-8 with a mark for Excel, which otherwise takes it for Windows-1252. */
export const writeCsv = ({ rows }: Sheet): string =>
  stringify(
    rows.map((row) => row.map(cellText)),
    {
      bom: rows.some((row) => row.some((cell) => /\P{ASCII}/u.test(cellText(cell)))),
      record_delimiter: "windows",
    },
  );
