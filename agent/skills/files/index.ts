import { Value } from "typebox/value";
import type { Sandbox } from "../kit/sandbox.ts";
import type { Skill } from "../kit/skill.ts";
import { defineTool } from "../kit/tool.ts";
import { FILES_LIMITS } from "./limits.ts";
import {
  ConvertParameters,
  CreateParameters,
  FilesAnswer,
  type FilesRequest,
  FormParameters,
  ReadParameters,
} from "./request.ts";

export interface FilesSkillOptions {
  /** Works in the agent's folder. */
  sandbox: Sandbox;
}

const PROGRAM = new URL("./files-main.ts", import.meta.url);
const { timeoutMs } = FILES_LIMITS;

/** One piece of work on files, in a process of its own. Throws ToolError. */
export async function workOnFiles(
  sandbox: Sandbox,
  request: FilesRequest,
  signal: AbortSignal,
): Promise<FilesAnswer> {
  return Value.Parse(FilesAnswer, await sandbox.work(PROGRAM, request, { signal, timeoutMs }));
}

/** Reading, making, converting and filling documents. It needs no key and no program that could be missing. */
export function createFilesSkill({ sandbox }: FilesSkillOptions): Skill {
  const run = async (request: FilesRequest, signal: AbortSignal): Promise<string> =>
    (await workOnFiles(sandbox, request, signal)).text;
  return {
    name: "files",
    needsNothing: true,
    tools: [
      defineTool({
        name: "file_read",
        description:
          "Read a PDF, DOCX, XLSX, PPTX, CSV, HTML, Markdown or text file, 20,000 characters at a time; the last line says which part is next.",
        parameters: ReadParameters,
        effect: "none",
        timeoutMs,
        run: async (params, { signal }) => ({
          text: await run({ operation: "read", ...params }, signal),
          isForeign: true,
        }),
      }),
      defineTool({
        name: "file_create",
        description:
          "Make a pdf, docx, pptx, md or txt from content, or an xlsx or csv from sheets. Never overwrites; returns the path to send.",
        parameters: CreateParameters,
        effect: "own",
        timeoutMs,
        run: async (params, { signal }) => ({
          text: await run({ operation: "create", ...params }, signal),
        }),
      }),
      defineTool({
        name: "file_convert",
        description:
          "Make a file of another kind from a file: text and tables are kept, layout and pictures not.",
        parameters: ConvertParameters,
        effect: "own",
        timeoutMs,
        run: async (params, { signal }) => ({
          text: await run({ operation: "convert", ...params }, signal),
        }),
      }),
      defineTool({
        name: "pdf_form",
        description: "List the fields of a PDF form, or fill them into a copy.",
        parameters: FormParameters,
        effect: "own",
        timeoutMs,
        run: async (params, { signal }) => ({
          text: await run({ operation: "form", ...params }, signal),
          isForeign: true,
        }),
      }),
    ],
    setup: async () => ({ state: "ready", detail: "Documents are read and made here, without a key." }),
  };
}
