import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InstallPlaces, installClient } from "./install-client.ts";
import { TEST_TIMEOUT_MS } from "./patience.ts";

/** A client without dependencies, for which npm needs no registry. */
const MANIFEST = { name: "client", version: "1.0.0" };
const LOCK = { ...MANIFEST, lockfileVersion: 3, packages: { "": MANIFEST } };
/** Not what the lock file says, which npm refuses. */
const OTHER = { ...MANIFEST, dependencies: { "no-such-package": "1.0.0" } };

let folder: string;
let places: InstallPlaces;
let home: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "install-client-"));
  places = { source: join(folder, "source"), cache: join(folder, "cache") };
  home = join(places.cache, "convos-cli");
  await mkdir(places.source);
  await writeSource(MANIFEST);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeSource(manifest: object, lock: object = LOCK): Promise<void> {
  await writeFile(join(places.source, "package.json"), JSON.stringify(manifest));
  await writeFile(join(places.source, "package-lock.json"), JSON.stringify(lock));
}

describe("the client's installation", { timeout: TEST_TIMEOUT_MS }, () => {
  it("is done once for all who wait for it, and left alone afterwards", async () => {
    const programs = await Promise.all([installClient(places), installClient(places)]);
    expect(new Set(programs)).toEqual(new Set([join(home, "node_modules/@xmtp/convos-cli/bin/run.js")]));
    const { ino } = await stat(home);
    await installClient(places);
    expect((await stat(home)).ino).toBe(ino);
    expect(await readdir(places.cache)).toEqual(["convos-cli"]);
  });

  it("replaces that of another lock file, and what killed processes have left", async () => {
    await installClient(places);
    const { pid: gone } = spawnSync(process.execPath, ["--version"]);
    await mkdir(join(places.cache, `convos-cli.${gone}.partial`, "node_modules"), { recursive: true });
    await mkdir(join(places.cache, `convos-cli.${process.ppid}.partial`));
    const next = { ...MANIFEST, version: "2.0.0" };
    await writeSource(next, { ...LOCK, ...next, packages: { "": next } });
    await installClient(places);
    expect(JSON.parse(await readFile(join(home, "package.json"), "utf8"))).toEqual(next);
    // The work of a process that runs.
    const running = `convos-cli.${process.ppid}.partial`;
    expect((await readdir(places.cache)).sort()).toEqual(["convos-cli", running]);
  });

  it("is not tried again by the same run when it has failed, but by the next", async () => {
    await writeSource(OTHER);
    await expect(installClient(places)).rejects.toThrow("failed (1)");
    await writeSource(MANIFEST);
    await expect(installClient(places)).rejects.toThrow("another test file of this run has tried: npm ci");
    expect(await readdir(places.cache)).toEqual(["convos-cli.failed"]);

    const memory = join(places.cache, "convos-cli.failed");
    const failure: object = JSON.parse(await readFile(memory, "utf8"));
    await writeFile(memory, JSON.stringify({ ...failure, runPid: process.pid }));
    await installClient(places);
    expect(await readdir(places.cache)).toEqual(["convos-cli"]);
  });
});
