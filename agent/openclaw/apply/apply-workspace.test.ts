import { execFile } from "node:child_process";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyWorkspace } from "./apply-workspace.ts";
import { TEMPLATE_LIMITS } from "./template.ts";
import type { Action } from "./three-way.ts";

let dir: string;
let templateDir: string;
let workspaceDir: string;
let stagingDir: string;
let snapshotFile: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "apply-"));
  templateDir = join(dir, "template");
  workspaceDir = join(dir, "workspace");
  stagingDir = join(dir, "staging");
  snapshotFile = join(dir, "applied.json");
  for (const folder of [workspaceDir, stagingDir]) await mkdir(folder);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const own = (name: string): string => join(workspaceDir, name);
const read = (name: string): Promise<string> => readFile(own(name), "utf8");

async function release(files: Readonly<Record<string, string>>): Promise<void> {
  await rm(templateDir, { recursive: true, force: true });
  await mkdir(templateDir);
  for (const [name, text] of Object.entries(files)) await writeFile(join(templateDir, name), text);
}

/** Runs it as root would for the user `owner`; tells what became of each file. */
async function apply(owner?: { uid: number; gid: number }): Promise<Record<string, Action>> {
  const input = { templateDir, workspaceDir, stagingDir, snapshotFile, owner };
  const done = Object.fromEntries(await applyWorkspace(input));
  expect(await readdir(stagingDir)).toEqual([]);
  return done;
}

describe("applying a template to a workspace", () => {
  it("writes, follows, adds and removes what the agent left alone, and is still when nothing changed", async () => {
    await release({ "A.md": "a1", "B.md": "b1", "GONE.md": "g1" });
    expect(await apply()).toEqual({ "A.md": "write", "B.md": "write", "GONE.md": "write" });
    const before = await stat(snapshotFile);
    expect(await apply()).toEqual({ "A.md": "keep", "B.md": "keep", "GONE.md": "keep" });
    expect((await stat(snapshotFile)).mtimeMs).toBe(before.mtimeMs);
    await release({ "A.md": "a2", "B.md": "b1", "NEW.md": "n1", "notes.txt": "not for the agent" });
    expect(await apply()).toEqual({
      "A.md": "write",
      "B.md": "keep",
      "GONE.md": "remove",
      "NEW.md": "write",
    });
    expect((await readdir(workspaceDir)).sort()).toEqual(["A.md", "B.md", "NEW.md"]);
    expect(await read("A.md")).toBe("a2");
    expect(Object.keys(JSON.parse(await readFile(snapshotFile, "utf8")))).toEqual(["A.md", "B.md", "NEW.md"]);
  });

  it("never overwrites or removes what the agent changed, release after release", async () => {
    await release({ "A.md": "a1", "GONE.md": "g1" });
    await apply();
    await writeFile(own("A.md"), "mine");
    await writeFile(own("GONE.md"), "mine too");
    expect(await apply()).toEqual({ "A.md": "keep", "GONE.md": "keep" });
    await release({ "A.md": "a2" });
    expect(await apply()).toEqual({ "A.md": "conflict-kept", "GONE.md": "conflict-kept" });
    await release({ "A.md": "a3", "GONE.md": "g3" });
    expect(await apply()).toEqual({ "A.md": "conflict-kept", "GONE.md": "conflict-kept" });
    expect([await read("A.md"), await read("GONE.md")]).toEqual(["mine", "mine too"]);
  });

  it("follows the template again once the agent is back at it", async () => {
    await release({ "A.md": "a1" });
    await apply();
    await writeFile(own("A.md"), "mine");
    await release({ "A.md": "a2" });
    await apply();
    await writeFile(own("A.md"), "a2");
    await release({ "A.md": "a3" });
    expect(await apply()).toEqual({ "A.md": "write" });
    expect(await read("A.md")).toBe("a3");
  });

  it("takes over a workspace without a note: what equals the template is ours, the rest is kept", async () => {
    await writeFile(own("A.md"), "a1", { mode: 0o600 });
    await writeFile(own("B.md"), "of an older release", { mode: 0o600 });
    await release({ "A.md": "a1", "B.md": "b1" });
    expect(await apply()).toEqual({ "A.md": "keep", "B.md": "conflict-kept" });
    await release({ "A.md": "a2", "B.md": "b2" });
    expect(await apply()).toEqual({ "A.md": "write", "B.md": "conflict-kept" });
    expect([await read("A.md"), await read("B.md")]).toEqual(["a2", "of an older release"]);
  });

  it.each(["{", "[]", '{"../A.md":[]}', '{"A.md":["forged"]}', `{"A.md":[]}${" ".repeat(70_000)}`])(
    "takes a note that it cannot understand for none: %#",
    async (note) => {
      await release({ "A.md": "a1" });
      await apply();
      await writeFile(own("A.md"), "mine");
      await writeFile(snapshotFile, note);
      await release({ "A.md": "a2" });
      expect(await apply()).toEqual({ "A.md": "conflict-kept" });
      expect(await read("A.md")).toBe("mine");
    },
  );

  it("reads nothing of a file over the limit and keeps it", async () => {
    await release({ "A.md": "a1" });
    await apply();
    const large = "x".repeat(TEMPLATE_LIMITS.maxFileBytes + 1);
    await writeFile(own("A.md"), large);
    await release({ "A.md": "a2" });
    expect(await apply()).toEqual({ "A.md": "conflict-kept" });
    expect(await read("A.md")).toBe(large);
  });

  it("refuses a template beyond the limits before it touches anything", async () => {
    await release({ "A.md": "a1", "B.md": "x".repeat(TEMPLATE_LIMITS.maxFileBytes + 1) });
    await expect(apply()).rejects.toThrow("B.md is too large");
    await release({ "-A.md": "" });
    await expect(apply()).rejects.toThrow("cannot be called -A.md");
    const names = Array.from({ length: TEMPLATE_LIMITS.maxFiles + 1 }, (_, index) => `${index}.md`);
    await release(Object.fromEntries(names.map((name) => [name, ""])));
    await expect(apply()).rejects.toThrow("too many files");
    expect(await readdir(workspaceDir)).toEqual([]);
  });
});

describe("what the agent plants in a file's place", () => {
  it("follows no link, neither to read nor to write nor to remove", async () => {
    await release({ "A.md": "a1", "GONE.md": "g1", "INTO.md": "i1" });
    await apply();
    const treasure = join(dir, "treasure");
    await mkdir(treasure);
    // Content that is ours, so that a link which were followed would be taken for our file.
    await writeFile(join(treasure, "A.md"), "a1");
    await writeFile(join(treasure, "GONE.md"), "g1");
    for (const name of ["A.md", "GONE.md"]) {
      await rm(own(name));
      await symlink(join(treasure, name), own(name));
    }
    await rm(own("INTO.md"));
    await symlink(treasure, own("INTO.md"));
    await release({ "A.md": "a2", "INTO.md": "i2" });
    expect(await apply()).toEqual({ "A.md": "write", "GONE.md": "keep", "INTO.md": "write" });
    expect((await readdir(treasure)).sort()).toEqual(["A.md", "GONE.md"]);
    expect(await readFile(join(treasure, "A.md"), "utf8")).toBe("a1");
    expect(await readFile(join(treasure, "GONE.md"), "utf8")).toBe("g1");
    expect((await lstat(own("A.md"))).isFile()).toBe(true);
    expect((await lstat(own("INTO.md"))).isFile()).toBe(true);
    expect((await lstat(own("GONE.md"))).isSymbolicLink()).toBe(true);
  });

  it("takes away a folder and a pipe, without waiting on either", async () => {
    await release({ "A.md": "a1", "B.md": "b1" });
    await mkdir(join(own("A.md"), "deep"), { recursive: true });
    await promisify(execFile)("mkfifo", [own("B.md")]);
    expect(await apply()).toEqual({ "A.md": "write", "B.md": "write" });
    expect([await read("A.md"), await read("B.md")]).toEqual(["a1", "b1"]);
  });

  it.runIf(process.getuid?.() === 0)("hands over no file of ours that was linked there", async () => {
    const user = { uid: 95_678, gid: 95_679 };
    await release({ "A.md": "a1" });
    const original = join(templateDir, "A.md");
    await chmod(original, 0o644);
    await link(original, own("A.md"));
    expect(await apply(user)).toEqual({ "A.md": "write" });
    expect(await stat(original)).toMatchObject({ uid: 0, gid: 0, mode: 0o100644 });
    expect(await stat(own("A.md"))).toMatchObject({ ...user, mode: 0o100600, nlink: 1 });
  });

  it.runIf(process.getuid?.() === 0)(
    "gives the gateway's user its files, also those already there",
    async () => {
      const user = { uid: 95_678, gid: 95_679 };
      await release({ "A.md": "a1", "B.md": "b1" });
      await apply(user);
      await chown(own("A.md"), 0, 0);
      expect(await apply(user)).toEqual({ "A.md": "write", "B.md": "keep" });
      for (const name of ["A.md", "B.md"]) {
        expect(await stat(own(name))).toMatchObject({ ...user, mode: 0o100600 });
      }
    },
  );
});

describe("a crash", () => {
  const BIG = "b2".repeat(10_000);

  /** Ends the process in the middle: the system kills it when it writes `B.md`, which is over its file size limit. */
  async function applyAndCrash(): Promise<void> {
    const input = JSON.stringify({ templateDir, workspaceDir, stagingDir, snapshotFile });
    const script = "import(process.argv[1]).then((m) => m.applyWorkspace(JSON.parse(process.argv[2])))";
    const run = promisify(execFile)(
      "bash",
      ["-c", 'ulimit -c 0 -f 8; exec "$0" -e "$@"', process.execPath, script, MODULE, input],
      { timeout: 30_000 },
    );
    await expect(run).rejects.toThrow();
    await rm(stagingDir, { recursive: true });
    await mkdir(stagingDir);
  }
  const MODULE = new URL("./apply-workspace.ts", import.meta.url).href;

  it.each([
    ["the same release", { "A.md": "a2", "B.md": BIG, "C.md": "c2" }],
    ["a newer release", { "A.md": "a3", "B.md": "b3", "C.md": "c3" }],
    ["the release before", { "A.md": "a1", "B.md": "b1", "C.md": "c1", "GONE.md": "g1" }],
  ])("between two files is mended by the next run with %s", async (_which, next) => {
    await release({ "A.md": "a1", "B.md": "b1", "C.md": "c1", "GONE.md": "g1", "MINE.md": "m1" });
    await apply();
    await writeFile(own("MINE.md"), "mine");
    await release({ "A.md": "a2", "B.md": BIG, "C.md": "c2", "MINE.md": "m2" });
    await applyAndCrash();
    expect([await read("A.md"), await read("B.md"), await read("C.md")]).toEqual(["a2", "b1", "c1"]);
    await release({ ...next, "MINE.md": "m3" });
    await apply();
    const found = await Promise.all(
      (await readdir(workspaceDir)).map(async (name) => [name, await read(name)]),
    );
    expect(Object.fromEntries(found)).toEqual({ ...next, "MINE.md": "mine" });
    await apply();
    expect(Object.values(await apply()).every((action) => action === "keep")).toBe(true);
  });

  it("after the files and before the note is mended by the next run, also with a newer release", async () => {
    await release({ "A.md": "a1", "GONE.md": "g1" });
    await apply();
    const noted = await readFile(snapshotFile, "utf8");
    await release({ "A.md": "a2", "NEW.md": "n2" });
    await apply();
    await writeFile(snapshotFile, noted);
    expect(await apply()).toEqual({ "A.md": "keep", "NEW.md": "keep", "GONE.md": "keep" });
    await release({ "A.md": "a3", "NEW.md": "n3" });
    expect(await apply()).toEqual({ "A.md": "write", "NEW.md": "write" });
  });
});
