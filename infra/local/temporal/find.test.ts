import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseVersion } from "./cli.ts";
import { findTemporal, type Installer } from "./find.ts";

const GOOD = "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "convos-find-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A program that only knows its version. */
async function program(path: string, version = GOOD): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${version}'\n`);
  await chmod(path, 0o755);
  return path;
}

const failing = (source: string, reason: string): Installer => ({
  source,
  folder: source,
  install: () => Promise.reject(new Error(reason)),
});
const installing = (source: string): Installer => ({
  source,
  folder: source,
  install: (target) => program(join(target, "temporal-made")),
});

function find(env: Record<string, string>, installers: readonly Installer[] = []) {
  return findTemporal({ env, installers, cacheDir: join(folder, "cache"), note: () => undefined });
}

describe("findTemporal", () => {
  it("uses the server of TEMPORAL_ADDRESS before anything else", async () => {
    const env = { TEMPORAL_ADDRESS: "10.0.0.1:7233", TEMPORAL_CLI_PATH: await program(join(folder, "cli")) };
    expect(await find(env)).toEqual({
      kind: "server",
      address: "10.0.0.1:7233",
      source: "TEMPORAL_ADDRESS",
      skipped: [],
    });
  });

  it("takes TEMPORAL_CLI_PATH before PATH, and PATH before the cache", async () => {
    const cli = await program(join(folder, "cli"));
    const onPath = await program(join(folder, "bin", "temporal"));
    await program(join(folder, "cache", "download", "temporal-sdk-typescript-1"));
    const env = { PATH: dirname(onPath) };
    const byPath = await find({ ...env, TEMPORAL_CLI_PATH: cli });
    expect(byPath).toMatchObject({ source: "TEMPORAL_CLI_PATH", path: cli, serverVersion: "1.32.0" });
    expect(await find(env, [failing("download", "unreachable")])).toMatchObject({
      source: "PATH",
      path: onPath,
    });
  });

  it("takes the cache before it installs anything, and no unfinished download", async () => {
    await program(join(folder, "cache", "first", "temporal-1.downloading"));
    const cached = await program(join(folder, "cache", "second", "temporal"));
    const found = await find({}, [failing("first", "never asked"), failing("second", "never asked")]);
    expect(found).toMatchObject({ source: "cache (second)", path: cached });
    expect(found.skipped).toContainEqual({ source: "cache (first)", reason: "empty" });
  });

  it("says why each source before the one taken was not", async () => {
    const found = await find({ PATH: "/nowhere" }, [failing("download", "no route"), installing("build")]);
    expect(found).toMatchObject({
      source: "build",
      skipped: [
        { source: "TEMPORAL_ADDRESS", reason: "not set" },
        { source: "TEMPORAL_CLI_PATH", reason: "not set" },
        { source: "PATH", reason: "no program named temporal" },
        { source: "cache (download)", reason: "empty" },
        { source: "cache (build)", reason: "empty" },
        { source: "download", reason: "no route" },
      ],
    });
    expect(await readdir(join(folder, "cache", "build"))).toEqual(["temporal-made"]);
    expect((await find({}, [installing("build")])).source).toBe("cache (build)");
  });

  it("passes over a program on PATH that is too old", async () => {
    const old = await program(
      join(folder, "bin", "temporal"),
      "temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)",
    );
    const found = await find({ PATH: dirname(old) }, [installing("build")]);
    expect(found.source).toBe("build");
    expect(found.skipped).toContainEqual({
      source: "PATH",
      reason: `${old} holds server 1.25.0, older than 1.29.0`,
    });
  });

  it("does not replace an unusable TEMPORAL_CLI_PATH by something else", async () => {
    await program(join(folder, "cache", "build", "temporal"));
    await expect(find({ TEMPORAL_CLI_PATH: "/nowhere/temporal" }, [installing("build")])).rejects.toThrow(
      "/nowhere/temporal does not run (ENOENT)",
    );
  });

  it("lists every reason when nothing works", async () => {
    const attempt = find({}, [failing("download", "no route"), failing("build", "go is not installed")]);
    await expect(attempt).rejects.toThrow(
      /download: no route\n {2}build: go is not installed\n.*TEMPORAL_CLI_PATH/s,
    );
  });
});

describe("parseVersion", () => {
  it("compares versions as numbers", () => {
    const versioned = (server: string) =>
      parseVersion("t", `temporal version 1.2.3 (Server ${server}, UI 2.0.0)`);
    expect(versioned("1.100.0").serverVersion).toBe("1.100.0");
    expect(versioned("2.0.0").serverVersion).toBe("2.0.0");
    expect(() => versioned("1.28.9")).toThrow("older than 1.29.0");
  });
  it("refuses another program of that name", () => {
    expect(() => parseVersion("t", "temporal 0.1")).toThrow("does not look like the Temporal CLI");
  });
});
