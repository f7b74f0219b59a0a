import { createFilesSkill } from "../../../agent/skills/files/index.ts";
import { match } from "../seen.ts";
import { defineSuite } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

/** Needs nothing but this machine. */
export const files = defineSuite<ToolScene>({
  skill: "files",
  open: async (context) => openTools(context, ({ sandbox }) => createFilesSkill({ sandbox })),
  steps: [
    {
      name: "makes a workbook and reads what its formula comes to",
      costUsd: 0,
      run: async ({ use }, signal) => {
        const rows = [
          ["Train", 120],
          ["Hut", 90.5],
          ["Sum", "=SUM(B1:B2)"],
        ];
        await use("file_create", { path: "costs.xlsx", sheets: [{ name: "Costs", rows }] }, signal);
        return match(await use("file_read", { path: "costs.xlsx" }, signal), /210\.5/, "the sum is right");
      },
    },
    {
      name: "makes a document and converts it to PDF",
      costUsd: 0,
      run: async ({ use }, signal) => {
        await use("file_create", { path: "plan.docx", content: "# Plan\n\nWe meet at the harbour." }, signal);
        await use("file_convert", { path: "plan.docx", to: "pdf" }, signal);
        return match(
          await use("file_read", { path: "plan.pdf" }, signal),
          /We meet at the harbour/,
          "the words are there",
        );
      },
    },
  ],
});
