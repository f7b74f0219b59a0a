import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSandbox } from "../../kit/sandbox.ts";
import { openScene } from "../testing/scene.ts";
import { startSite } from "../testing/site.ts";
import { findExecutable, unpackExecutable } from "./executable.ts";

describe("which browser is used", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "executable-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  const program = async (path: string): Promise<string> => {
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "");
    await chmod(file, 0o755);
    return file;
  };

  it("is the configured one, the system's, puppeteer's, or the one of the packages, in this order", async () => {
    const configured = await program("mine");
    const system = await program("system");
    await program("cache/chrome/linux-9.0.0/chrome-linux64/chrome");
    const cached = await program("cache/chrome/linux-153.0.1/chrome-linux64/chrome");
    const env = { PUPPETEER_CACHE_DIR: join(dir, "cache") };
    const systemPaths = [join(dir, "missing"), system];
    expect(
      await findExecutable({ env: { ...env, PUPPETEER_EXECUTABLE_PATH: configured }, systemPaths }),
    ).toEqual({
      origin: "configured",
      path: configured,
    });
    expect(await findExecutable({ env, systemPaths })).toEqual({ origin: "system", path: system });
    expect(await findExecutable({ env, systemPaths: [] })).toEqual({ origin: "puppeteer", path: cached });
    const none = { PUPPETEER_CACHE_DIR: join(dir, "nothing") };
    expect(await findExecutable({ env: none, systemPaths: [] })).toEqual({ origin: "packaged" });
  });

  it("is none, when the configured one is not there", async () => {
    const env = { PUPPETEER_EXECUTABLE_PATH: join(dir, "missing") };
    await expect(findExecutable({ env })).rejects.toThrow(
      "There is no program at PUPPETEER_EXECUTABLE_PATH.",
    );
  });

  it("goes without its own sandbox where the machine has none, under a user that is not root", async () => {
    const own = await mkdtemp(join(tmpdir(), "unpacked-"));
    const found = await findExecutable({ env: process.env });
    const { path, env } =
      found.origin === "packaged"
        ? await unpackExecutable(createSandbox({ dir: own, tmpDir: own }), own, AbortSignal.timeout(120_000))
        : { path: found.path, env: {} };
    const variables = Object.entries(env).map(([name, value]) => `${name}="${value}" `);
    const wrapper = join(own, "chromium-without-namespaces");
    await writeFile(
      wrapper,
      `#!/bin/sh\ncase " $* " in *" --no-sandbox "*) ${variables.join("")}exec "${path}" "$@" ;; esac\nexit 1\n`,
    );
    await chmod(wrapper, 0o755);
    await chmod(own, 0o755);
    const site = await startSite({ "/": "<h1>Read me</h1>" });
    const scene = openScene({ allowedPages: [`${site.url}/`], env: { PUPPETEER_EXECUTABLE_PATH: wrapper } });
    try {
      expect(await scene.told([{ do: "open", url: site.url }])).toContain("# Read me");
    } finally {
      await scene.close();
      await site.close();
      await rm(own, { recursive: true, force: true });
    }
  }, 180_000);

  it("that does not start is a clear sentence, and leaves nothing behind", async () => {
    const scene = openScene({
      allowedPages: [],
      env: { PUPPETEER_EXECUTABLE_PATH: await program("broken") },
    });
    try {
      await expect(scene.told([{ do: "open", url: "https://example.com" }])).rejects.toThrow(
        "The browser does not start on this machine at present.",
      );
      expect(await readdir(scene.tmpDir)).toEqual([]);
    } finally {
      await scene.close();
    }
  });

  it("may be the one of the packages: it is unpacked, reads, takes pictures and downloads", async () => {
    const site = await startSite({
      "/": `<h1>Read me</h1><input placeholder="a field"><p style="background:red;height:200px">red</p>`,
      "/file.csv": { headers: { "content-type": "text/csv" }, body: "a,b\n" },
    });
    const scene = openScene({
      allowedPages: [`${site.url}/`],
      env: { PUPPETEER_CACHE_DIR: join(dir, "nothing") },
      systemPaths: [],
    });
    try {
      const { text, images } = await scene.browse([
        { do: "open", url: site.url },
        { do: "screenshot" },
        { do: "download", url: `${site.url}/file.csv` },
        { do: "read" },
      ]);
      expect(text).toContain("# Read me");
      expect(text).toContain("saved as downloads/file.csv (4 bytes)");
      expect(images).toHaveLength(1);
    } finally {
      await scene.close();
      await site.close();
    }
  }, 180_000);
});
