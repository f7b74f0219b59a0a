import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { WorkspaceFiles } from "../../skills/kit/workspace-files.ts";
import { openWorkspace } from "./workspace.ts";

const NEVER = new AbortController().signal;

let folder: string;
let dir: string;
let files: WorkspaceFiles;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "workspace-"));
  dir = join(folder, "workspace");
  await mkdir(dir);
  files = openWorkspace({ dir, signal: NEVER });
});
afterEach(() => rm(folder, { recursive: true }));

it("is read and written by relative paths; what is there is not written over", async () => {
  expect(await files.write("a/note.txt", Buffer.from("one"))).toBe("a/note.txt");
  expect(await files.write("a/note.txt", Buffer.from("two"))).toBe("a/note-2.txt");
  expect((await files.read("a/note-2.txt", 100)).toString()).toBe("two");
  expect(await readFile(join(dir, "a/note.txt"), "utf8")).toBe("one");
});

it.each([
  ["../outside.txt", /no place for a file/],
  ["/etc/passwd", /no place for a file/],
  ["link/x.txt", /leads out of the folder/],
  ["missing.txt", /There is no file missing\.txt/],
  ["big.txt", /larger than 10 bytes/],
  ["a\nb", /no place for a file/],
])("is not left by way of %j", async (path, reason) => {
  await writeFile(join(dir, "big.txt"), "x".repeat(11));
  await symlink(folder, join(dir, "link"));
  await writeFile(join(folder, "x.txt"), "secret");
  await expect(files.read(path, 10)).rejects.toThrow(reason);
});

it("has room for many files of one name, also at once", async () => {
  const names = await Promise.all(
    Array.from({ length: 8 }, () => files.write("received/image.jpg", Buffer.from("x"))),
  );
  expect(new Set(names).size).toBe(8);
  expect(names.every((name) => /^received\/image(-[2-8])?\.jpg$/.test(name))).toBe(true);
  expect(await readdir(join(dir, "received"))).toHaveLength(8);
});

it("takes no more than it may hold", async () => {
  const room = openWorkspace({ dir, signal: NEVER, folderMaxBytes: 100_000 });
  await room.write("received/a.bin", Buffer.alloc(150_000));
  await expect(room.write("received/b.bin", Buffer.from("x"))).rejects.toThrow("no more room");
  expect(await room.write("elsewhere/b.bin", Buffer.from("x"))).toBe("elsewhere/b.bin");
});

it("keeps names that a shell could mistake", async () => {
  for (const name of ["-rf", "$(id).txt", "a b;c'd\".txt", ".hidden", "%s.txt"]) {
    expect(await files.write(name, Buffer.from(name))).toBe(name);
    expect((await files.read(name, 100)).toString()).toBe(name);
  }
});

it("does not wait for a pipe in the place of a file", async () => {
  await promisify(execFile)("mkfifo", [join(dir, "pipe.txt")]);
  expect(await files.write("pipe.txt", Buffer.from("x"))).toBe("pipe-2.txt");
  await expect(files.read("pipe.txt", 10)).rejects.toThrow("There is no file pipe.txt.");
});

it.each(["x.txt", "nowhere.txt"])(
  "is not written through a link to %s that lies in the place of a file",
  async (to) => {
    await writeFile(join(folder, "x.txt"), "mine");
    await symlink(join(folder, to), join(dir, "link.txt"));
    expect(await files.write("link.txt", Buffer.from("theirs"))).toBe("link-2.txt");
    expect(await readFile(join(folder, "x.txt"), "utf8")).toBe("mine");
    expect(await readdir(folder)).toEqual(["workspace", "x.txt"]);
  },
);

it("ends with whoever waits", async () => {
  const client = new AbortController();
  const writing = openWorkspace({ dir, signal: client.signal }).write("a.txt", Buffer.alloc(1_000));
  client.abort(new Error("gone"));
  await expect(writing).rejects.toThrow("gone");
});
