import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Measurable, measureProgram } from "../kit/measurable.ts";
import type { Sandbox } from "../kit/sandbox.ts";
import { workOnFiles } from "./index.ts";
import type { FilesRequest } from "./request.ts";

const PAGES = 100;
const ROWS = 50_000;
const ROWS_TEXT = ROWS.toLocaleString("en-US");
const WORDS_PER_PAGE = 450;

/** Work on large files in the folder `dir` of the sandbox, in this order: each makes what is read after it. */
export function measurableFiles(sandbox: Sandbox, dir: string): readonly Measurable[] {
  const page = "Water rises and falls twice a day. ".repeat(Math.ceil(WORDS_PER_PAGE / 7));
  const pages = Array.from({ length: PAGES }, (_, at) => `# Page ${at + 1}\n\n${page}`);
  const content = pages.join("\n\n\\newpage\n\n");
  const rows = Array.from(
    { length: ROWS },
    (_, at) => `${at},Port ${at},${at / 7},2026-05-31,=A1,"a, b",x,y,z,${at % 2}`,
  );
  writeFileSync(join(dir, "measure.csv"), ["id,name,level,day,f,g,h,i,j,k", ...rows].join("\n"));
  const requests: readonly [string, FilesRequest][] = [
    [`make a PDF of ${PAGES} pages`, { operation: "create", path: "measure.pdf", content }],
    [`PDF of ${PAGES} pages → text`, { operation: "convert", path: "measure.pdf", to: "txt" }],
    [`CSV of ${ROWS_TEXT} rows → XLSX`, { operation: "convert", path: "measure.csv", to: "xlsx" }],
    [
      `read in the middle of XLSX of ${ROWS_TEXT} rows`,
      { operation: "read", path: "measure.xlsx", part: `${ROWS / 2}-` },
    ],
    [`XLSX of ${ROWS_TEXT} rows → CSV`, { operation: "convert", path: "measure.xlsx", to: "csv" }],
  ];
  return requests.map(([operation, request]) => ({
    operation,
    run: (signal) => measureProgram("files-main.ts", () => workOnFiles(sandbox, request, signal)),
  }));
}
