import { deepEqual } from "node:assert/strict";
import ExcelJS from "exceljs";
import { bytesOf } from "../../../testing/skills/ends.ts";
import { adaSays, type Step } from "../step.ts";

const ROWS = [
  ["What", "How many", "Each", "USD"],
  ["Sea bass", 2, 28, "=B2*C2"],
  ["Wine", 1, 36, "=B3*C3"],
  ["Tip", 1, 18, "=B4*C4"],
  ["For each of you", null, null, "=SUM(D2:D4)/2"],
];

export const files = (): Step[] => [
  adaSays("Make us a sheet of what it will cost: sea bass for both, a wine for 36, and 18 as a tip.", {
    script: [
      {
        ...{ when: "Make us a sheet", in: "message" },
        use: [
          { tool: "file_create", with: { path: "costs.xlsx", sheets: [{ name: "Dinner", rows: ROWS }] } },
          { tool: "message", with: { action: "send", media: "costs.xlsx" } },
        ],
        say: "Here it is.",
      },
    ],
    answers: ["[costs.xlsx, 6 kB]", "Here it is."],
    proof: {
      ...{ skill: "files", tools: ["file_create"] },
      verified: "the workbook opens; its last cell holds the formula `SUM(D2:D4)/2` and its value, 55",
      look: async (_, [sheet]) => {
        if (sheet === undefined) throw new Error("no sheet came");
        const workbook = new ExcelJS.Workbook();
        // Its types are of a Node before buffers had a type parameter.
        await workbook.xlsx.load(new Uint8Array(bytesOf(sheet)).buffer);
        const { formula, result } = workbook.getWorksheet("Dinner")?.getCell("D5") ?? {};
        deepEqual({ formula, result }, { formula: "SUM(D2:D4)/2", result: 55 });
      },
    },
  }),
];
