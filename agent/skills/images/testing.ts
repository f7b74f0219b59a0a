import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { openTestWorkspace, type TestWorkspace } from "../kit/testing.ts";
import type { ToolResult } from "../kit/tool.ts";
import { createImagesSkill } from "./index.ts";

const require = createRequire(import.meta.url);

/** An agent's folder with the tools of the skill. */
export interface ImageWorkspace extends TestWorkspace {
  use(tool: string, params: unknown): Promise<ToolResult>;
  /** Puts a file there. */
  put(name: string, content: Uint8Array): void;
  /** A picture of `testdata/`, or one that comes in an installed package: "package/path". */
  putSample(name: string, from?: string): void;
  read(name: string): Buffer;
}

export function openImageWorkspace(): ImageWorkspace {
  const workspace = openTestWorkspace();
  const { tools } = createImagesSkill({ sandbox: workspace.sandbox });
  const at = (name: string): string => join(workspace.dir, name);
  return {
    ...workspace,
    use: async (name, params) => {
      const tool = tools.find((one) => one.name === name);
      if (tool === undefined) throw new Error(`there is no tool ${name}`);
      return tool.run(params, workspace.call());
    },
    put: (name, content) => writeFileSync(at(name), content),
    putSample: (name, from) => copyFileSync(from === undefined ? sample(name) : packaged(from), at(name)),
    read: (name) => readFileSync(at(name)),
  };
}

export const sample = (name: string): string => fileURLToPath(new URL(`./testdata/${name}`, import.meta.url));

/** A file of an installed package, whether or not the package exports it. */
function packaged(path: string): string {
  const found = require.resolve
    .paths(path)
    ?.map((base) => join(base, path))
    .find((at) => existsSync(at));
  if (found === undefined) throw new Error(`${path} is not installed`);
  return found;
}

/** The pixel at a point as [red, green, blue] or, where there is transparency, with alpha. */
export async function pixel(picture: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * info.channels;
  return [...data.subarray(at, at + info.channels)];
}

/** A picture of one colour. */
export const plain = (width: number, height: number, background: string): Sharp =>
  sharp({ create: { width, height, channels: 3, background } });
