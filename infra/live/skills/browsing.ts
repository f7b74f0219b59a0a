import { chmod } from "node:fs/promises";
import { createBrowsingSkill } from "../../../agent/skills/browsing/index.ts";
import { match } from "../seen.ts";
import { openFolder } from "../state.ts";
import { defineSuite, type LiveContext } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

const REACH_TIMEOUT_MS = 15_000;

interface BrowsingScene extends ToolScene {
  pageUrl: string;
}

/** Whether a plain request gets there: what fails then is not the browser. */
async function missing({ config, signal }: LiveContext): Promise<string | undefined> {
  const { LIVE_PAGE_URL: url } = config;
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(REACH_TIMEOUT_MS)]),
    });
    await answer.body?.cancel();
    return undefined;
  } catch {
    signal.throwIfAborted();
    // Why does not matter: whoever runs this looks at the network either way.
    return `a network in which ${url} can be reached (LIVE_PAGE_URL)`;
  }
}

/** A browser on this machine and a page of the web. */
export const browsing = defineSuite<BrowsingScene>({
  skill: "browsing",
  missing,
  open: async (context) => {
    const { LIVE_PAGE_URL: pageUrl, PUPPETEER_EXECUTABLE_PATH } = context.config;
    const tmpDir = await openFolder(context);
    // The browser runs as a user that is nobody when this is root.
    await chmod(tmpDir, 0o755);
    const env = { ...process.env, ...(PUPPETEER_EXECUTABLE_PATH && { PUPPETEER_EXECUTABLE_PATH }) };
    const options = { tmpDir, env, allowedPages: [pageUrl] };
    return { ...openTools(context, () => createBrowsingSkill(options)), pageUrl };
  },
  steps: [
    {
      name: "opens a page and reads it as text",
      costUsd: 0,
      run: async ({ use, pageUrl }, signal) => {
        const text = await use("browse", { steps: [{ do: "open", url: pageUrl }] }, signal);
        return match(text, /Example Domain/, "the page has its words");
      },
    },
    {
      name: "does not open what is on this machine",
      costUsd: 0,
      run: async ({ use }, signal) => {
        const steps = [{ do: "open", url: "http://127.0.0.1:8080/" }];
        const told = await use("browse", { steps }, signal);
        return match(told, /Not allowed.*(not on the public internet)/, "it is refused, and why");
      },
    },
  ],
});
