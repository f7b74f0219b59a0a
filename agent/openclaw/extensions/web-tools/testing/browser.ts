import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { type Browser, launch } from "puppeteer-core";

const OF_THE_SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome-stable"];
const LAUNCH_TIMEOUT_MS = 60_000;

export interface TestBrowser {
  browser: Browser;
  /** Ends the browser and removes everything it wrote. */
  close(): Promise<void>;
}

/** Starts Chromium: the one that the environment names, the system's, or the one that came with the packages. */
export async function startBrowser(): Promise<TestBrowser> {
  const dir = await mkdtemp(join(tmpdir(), "browser-"));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const home = join(dir, "home");
    await mkdir(home);
    const browser = await launch({
      executablePath:
        process.env.PUPPETEER_EXECUTABLE_PATH ?? systemBrowser() ?? (await packagedBrowser(dir)),
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
      headless: true,
      pipe: true,
      userDataDir: join(dir, "profile"),
      timeout: LAUNCH_TIMEOUT_MS,
      env: { ...process.env, HOME: home, TMPDIR: dir },
    });
    return { browser, close: () => browser.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

const systemBrowser = (): string | undefined => OF_THE_SYSTEM.find((path) => existsSync(path));

/** Unpacks into the system's folder for temporary files, whichever that is at the moment: we make it ours. */
async function packagedBrowser(dir: string): Promise<string> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = dir;
  try {
    return await chromium.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
