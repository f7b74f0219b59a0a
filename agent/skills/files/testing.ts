import { cpSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openTestWorkspace, type TestWorkspace } from "../kit/testing.ts";
import { ToolError } from "../kit/tool-error.ts";
import { createFilesSkill } from "./index.ts";

/** The files skill in a folder of its own, for a test; `close` removes it. */
export interface TestFiles extends Pick<TestWorkspace, "dir" | "close" | "sandbox"> {
  /** Uses a tool and resolves with what it tells the model. */
  use(tool: string, params: unknown): Promise<string>;
  /** The sentence that a use ends with. */
  refusal(tool: string, params: unknown): Promise<string>;
  bytes(path: string): Promise<Buffer>;
  put(path: string, content: string | Uint8Array): Promise<void>;
  /** Puts a file of `testdata` into the folder. */
  take(name: string, as?: string): void;
}

export function openTestFiles(): TestFiles {
  const workspace = openTestWorkspace();
  const { dir, sandbox } = workspace;
  const { tools } = createFilesSkill({ sandbox });
  const use = async (name: string, params: unknown): Promise<string> => {
    const tool = tools.find((each) => each.name === name);
    if (tool === undefined) throw new Error(`there is no tool ${name}`);
    return (await tool.run(params, workspace.call())).text;
  };
  return {
    dir,
    sandbox,
    use,
    refusal: async (name, params) => {
      try {
        return `no refusal but: ${(await use(name, params)).slice(0, 500)}`;
      } catch (error) {
        if (error instanceof ToolError) return error.message;
        throw error;
      }
    },
    bytes: (path) => readFile(join(dir, path)),
    put: async (path, content) => {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), content);
    },
    take: (name, as = name) => cpSync(new URL(`./testdata/${name}`, import.meta.url), join(dir, as)),
    close: workspace.close,
  };
}
