import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { Value } from "typebox/value";
import { serveWork } from "../kit/serve-work.ts";
import { ToolError } from "../kit/tool-error.ts";
import { workspacePath } from "../kit/workspace-path.ts";
import { convertFile } from "./convert.ts";
import { createFile } from "./create.ts";
import { FILES_LIMITS } from "./limits.ts";
import { identify, type OpenedFile } from "./read/kind.ts";
import { readFilePart } from "./read/read-file.ts";
import { type FilesAnswer, FilesRequest } from "./request.ts";
import { save } from "./write/save.ts";

/** The worker program: one piece of work on files of the agent's folder, which is its working directory. */
async function work(request: FilesRequest): Promise<string> {
  switch (request.operation) {
    case "read": {
      const file = await open(request.path);
      const text = await readFilePart(file, request.part);
      return file.note === "" ? text : `[${file.note}]\n${text}`;
    }
    case "create":
      return save(request.path, await createFile(request.path, request.content, request.sheets));
    case "convert": {
      const file = await open(request.path);
      return save(withEnding(request.path, `.${request.to}`), await convertFile(file, request.to));
    }
    case "form": {
      const file = await open(request.path);
      if (file.kind !== "pdf") throw new ToolError("Only the form of a PDF can be filled.");
      // A large library that only this work needs.
      const { fillForm, listFields, openForm } = await import("./pdf-form.ts");
      const { document, form } = await openForm(file.bytes);
      if (request.fields === undefined) return listFields(form);
      const out =
        request.out === undefined ? withEnding(request.path, "-filled.pdf") : withEnding(request.out, ".pdf");
      return save(out, await fillForm(document, form, request.fields));
    }
  }
}

async function open(path: string): Promise<OpenedFile> {
  const target = await workspacePath(process.cwd(), path);
  const found = await statOrUndefined(target);
  if (found === undefined) throw new ToolError(`There is no file at ${path}.`);
  if (!found.isFile()) throw new ToolError(`${path} is no file.`);
  if (found.size > FILES_LIMITS.fileMaxBytes)
    throw new ToolError(`${path} is too large: ${FILES_LIMITS.fileMaxBytes / 1_048_576} MB at most.`);
  return identify(await readFile(target), basename(path));
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

const withEnding = (path: string, ending: string): string =>
  path.slice(0, path.length - extname(path).length) + ending;

await serveWork(async (request): Promise<FilesAnswer> => {
  return { text: await work(Value.Parse(FilesRequest, request)) };
});
