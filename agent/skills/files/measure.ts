import type { Sandbox } from "../kit/sandbox.ts";
import type { WorkspaceFiles } from "../kit/workspace-files.ts";
import { workOnFiles } from "./index.ts";
import type { FilesRequest } from "./request.ts";

export interface FilesMeasurement {
  operation: string;
  ms: number;
  /** Of the worker program, with Node's own. */
  peakRssBytes: number;
}

const PAGES = 100;
const ROWS = 50_000;
const WORDS_PER_PAGE = 450;

/** Times the heavy pieces of work through the worker program, on files that it makes in the agent's folder. Throws ToolError. */
export async function measureFiles(
  sandbox: Sandbox,
  files: Pick<WorkspaceFiles, "write">,
  signal: AbortSignal,
): Promise<FilesMeasurement[]> {
  const page = "Water rises and falls twice a day. ".repeat(Math.ceil(WORDS_PER_PAGE / 7));
  const pages = Array.from({ length: PAGES }, (_, at) => `# Page ${at + 1}\n\n${page}`);
  const content = pages.join("\n\n\\newpage\n\n");
  const rows = Array.from(
    { length: ROWS },
    (_, at) => `${at},Port ${at},${at / 7},2026-05-31,=A1,"a, b",x,y,z,${at % 2}`,
  );
  await files.write("measure.csv", Buffer.from(["id,name,level,day,f,g,h,i,j,k", ...rows].join("\n")));
  const requests: readonly [string, FilesRequest][] = [
    [`make a PDF of ${PAGES} pages`, { operation: "create", path: "measure.pdf", content }],
    [`${PAGES}-page PDF to text`, { operation: "convert", path: "measure.pdf", to: "txt" }],
    [`CSV of ${ROWS} rows to XLSX`, { operation: "convert", path: "measure.csv", to: "xlsx" }],
    [`read rows in the middle of ${ROWS}`, { operation: "read", path: "measure.xlsx", part: `${ROWS / 2}-` }],
    [`XLSX of ${ROWS} rows to CSV`, { operation: "convert", path: "measure.xlsx", to: "csv" }],
  ];
  const measurements: FilesMeasurement[] = [];
  for (const [operation, request] of requests) {
    const start = performance.now();
    const { peakRssBytes } = await workOnFiles(sandbox, request, signal);
    measurements.push({ operation, ms: Math.round(performance.now() - start), peakRssBytes });
  }
  return measurements;
}
