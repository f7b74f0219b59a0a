import {
  chmod,
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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GatewayPaths, gatewayPaths } from "./paths.ts";
import { prepareGateway, writeInstructions } from "./prepare.ts";

let dir: string;
let paths: GatewayPaths;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "prepare-"));
  paths = gatewayPaths(join(dir, "gateway"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const prepare = (user?: { uid: number; gid: number }, instructions?: string) =>
  prepareGateway({
    ...{ paths, port: 1, loopbackUrl: "http://127.0.0.1:2", modelId: "m", user, instructions },
    skills: { names: [], tools: [] },
  });

const workspace = (name: string): string => join(paths.workspaceDir, name);
const extension = (name: string): string => join(paths.extensionsDir, name);
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("preparing a gateway's folder", () => {
  it("writes configuration, extensions and workspace, private to us", async () => {
    await prepare();
    expect(await modeOf(paths.configFile)).toBe(0o600);
    expect(JSON.parse(await readFile(paths.configFile, "utf8"))).toMatchObject({ gateway: { port: 1 } });
    expect(await modeOf(paths.workspaceDir)).toBe(0o700);
    expect(await readFile(extension("convos/index.ts"), "utf8")).toContain("defineChannelPluginEntry");
    expect(await readFile(workspace("AGENTS.md"), "utf8")).toContain("group conversation");
    expect(await readFile(extension("web-tools/assets/agents/index.html"), "utf8")).toContain(
      "<!doctype html>",
    );
    const copied = await readdir(paths.extensionsDir, { recursive: true });
    expect(copied.filter((name) => name.endsWith(".test.ts"))).toEqual([]);
  });

  it("renews what the agent left alone and keeps what it wrote", async () => {
    await prepare();
    const soul = await readFile(workspace("SOUL.md"), "utf8");
    await writeFile(workspace("AGENTS.md"), "How I work now.");
    await rm(workspace("SOUL.md"));
    await writeFile(workspace("USER.md"), "Alice likes tea.");
    await writeFile(workspace("diary.md"), "day one");
    await writeFile(extension("convos/added.ts"), "");
    await prepare();
    expect(await readFile(workspace("AGENTS.md"), "utf8")).toBe("How I work now.");
    expect(await readFile(workspace("SOUL.md"), "utf8")).toBe(soul);
    expect(await readFile(workspace("USER.md"), "utf8")).toBe("Alice likes tea.");
    expect(await readFile(workspace("diary.md"), "utf8")).toBe("day one");
    await expect(stat(extension("convos/added.ts"))).rejects.toThrow("ENOENT");
  });

  it("takes over the workspace of a release that noted nothing", async () => {
    await prepare();
    await rm(join(paths.root, ".applied.json"));
    await writeFile(workspace("SOUL.md"), "of an older release, or the agent's");
    await prepare();
    await prepare();
    expect(await readFile(workspace("SOUL.md"), "utf8")).toBe("of an older release, or the agent's");
    expect(await readFile(workspace("AGENTS.md"), "utf8")).toContain("group conversation");
  });

  it("follows no link and trips over no folder that the agent put in a file's place", async () => {
    await prepare();
    const treasure = join(dir, "treasure");
    await writeFile(treasure, "keep me");
    for (const name of ["AGENTS.md", "INSTRUCTIONS.md"]) {
      await rm(workspace(name), { force: true });
      await symlink(treasure, workspace(name));
    }
    await rm(workspace("SOUL.md"));
    await mkdir(join(workspace("SOUL.md"), "deep"), { recursive: true });
    await prepare();
    await writeInstructions(paths, "You are our trip planner", undefined);
    expect(await readFile(treasure, "utf8")).toBe("keep me");
    expect(await readFile(workspace("INSTRUCTIONS.md"), "utf8")).toBe("You are our trip planner\n");
    expect((await stat(workspace("SOUL.md"))).isFile()).toBe(true);
    expect((await lstat(workspace("AGENTS.md"))).isFile()).toBe(true);
  });

  it("writes the instructions of a claim even over a folder", async () => {
    await prepare();
    await expect(stat(workspace("INSTRUCTIONS.md"))).rejects.toThrow("ENOENT");
    await mkdir(join(workspace("INSTRUCTIONS.md"), "deep"), { recursive: true });
    await prepare(undefined, "You are our trip planner");
    expect(await readFile(workspace("INSTRUCTIONS.md"), "utf8")).toBe("You are our trip planner\n");
  });

  it.runIf(process.getuid?.() === 0)(
    "gives the gateway's user its folders, and of ours only a view",
    async () => {
      await chmod(dir, 0o711);
      const user = { uid: 95_678, gid: 95_679 };
      await prepare(user);
      for (const path of [
        paths.homeDir,
        paths.tmpDir,
        paths.stateDir,
        paths.workspaceDir,
        workspace("SOUL.md"),
      ]) {
        expect(await stat(path)).toMatchObject(user);
      }
      expect(await stat(paths.configFile)).toMatchObject({ uid: 0, gid: user.gid });
      expect(await modeOf(paths.configFile)).toBe(0o640);
      expect(await modeOf(paths.root)).toBe(0o711);
      for (const name of ["convos/index.ts", "web-tools/index.ts", "web-tools/assets/form/index.html"]) {
        expect(await stat(extension(name))).toMatchObject({ uid: 0 });
        expect((await modeOf(extension(name))) & 0o004).toBe(0o004);
      }
      expect(await stat(join(paths.root, ".applied.json"))).toMatchObject({ uid: 0, gid: 0 });
      expect(await modeOf(join(paths.root, ".applied.json"))).toBe(0o600);
    },
  );

  it.runIf(process.getuid?.() === 0)("says so when the gateway's user could not get there", async () => {
    await expect(prepare({ uid: 95_678, gid: 95_678 })).rejects.toThrow("cannot pass through");
  });
});
