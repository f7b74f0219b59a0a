import { createServer } from "node:http";
import { deflateSync } from "node:zlib";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ImageWorkspace, openImageWorkspace, plain } from "./testing.ts";

const TOOLS = [
  ["image_look", (path: string) => ({ path })],
  ["image_text", (path: string) => ({ path })],
  ["image_edit", (path: string) => ({ paths: [path], out: "out.png" })],
] as const;

let workspace: ImageWorkspace;
beforeEach(() => {
  workspace = openImageWorkspace();
});
afterEach(() => workspace.close());

describe.each(TOOLS)("%s refuses with a sentence", (tool, params) => {
  const refusal = async (name: string): Promise<unknown> => expect(workspace.use(tool, params(name))).rejects;

  test("an empty file, a missing one, a folder, and one outside", async () => {
    workspace.put("empty.jpg", Buffer.alloc(0));
    await expect(workspace.use(tool, params("empty.jpg"))).rejects.toThrow("The file is empty.");
    await expect(workspace.use(tool, params("none.jpg"))).rejects.toThrow('There is no file "none.jpg".');
    await expect(workspace.use(tool, params("."))).rejects.toThrow("no place for a file");
    await expect(workspace.use(tool, params("/etc/hostname"))).rejects.toThrow("no place for a file");
    expect(refusal).toBeTypeOf("function");
  });
});
