import type { Skill, SkillState } from "../kit/skill.ts";
import { defineTool } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { browse } from "./browse.ts";
import { type BrowserKeeper, createBrowserKeeper } from "./browser/keeper.ts";
import { BROWSING_LIMITS } from "./limits.ts";
import { BrowseParameters, DESCRIPTION } from "./steps/step.ts";

export interface BrowsingOptions {
  /** Whom the browser runs as; the user of the model's shell. Without, the server's own user, or nobody when that is root. */
  uid?: number | undefined;
  gid?: number | undefined;
  /** Where the browser's folder is made; that user can get there. */
  tmpDir: string;
  /**
   * Pages that may be opened although they are not on the public internet, each with all that begins with it:
   * `http://127.0.0.1:8080/web-tools/`. Read when a browser starts.
   */
  allowedPages?: readonly string[] | (() => readonly string[]);
  /** PUPPETEER_EXECUTABLE_PATH and PUPPETEER_CACHE_DIR are looked at. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Where a browser of the system is looked for. */
  systemPaths?: readonly string[];
  /** All addresses of a host name; the system's resolver by default. */
  resolve?: (host: string) => Promise<readonly string[]>;
  idleMs?: number;
  memoryMaxBytes?: number;
}

const ORIGINS = {
  configured: "PUPPETEER_EXECUTABLE_PATH",
  system: "the system's browser",
  puppeteer: "puppeteer's browser",
  packaged: "the browser that comes with the packages, unpacked at the first use",
} as const;

/** Websites in a real browser: read them, fill in forms, take pictures and files. */
export function createBrowsingSkill(options: BrowsingOptions): Skill {
  const keeper = openKeeper(options);
  return {
    name: "browsing",
    tools: [
      defineTool({
        name: "browse",
        description: DESCRIPTION,
        parameters: BrowseParameters,
        effect: "outside",
        timeoutMs: BROWSING_LIMITS.callTimeoutMs,
        run: ({ steps }, call) => browse(keeper, steps, call),
      }),
    ],
    setup: async (): Promise<SkillState> => {
      try {
        const { origin } = await keeper.find();
        return { state: "ready", detail: `Works with ${ORIGINS[origin]}.` };
      } catch (error) {
        if (error instanceof ToolError) return { state: "off", detail: error.message };
        throw error;
      }
    },
    close: () => keeper.close(),
  };
}

/** The browser of the skill, not started yet. */
export const openKeeper = (options: BrowsingOptions): BrowserKeeper =>
  createBrowserKeeper({
    ...{ uid: options.uid, gid: options.gid, tmpDir: options.tmpDir },
    rules: {
      get allowedPages() {
        const { allowedPages = [] } = options;
        return typeof allowedPages === "function" ? allowedPages() : allowedPages;
      },
      resolve: options.resolve,
    },
    executable: { env: options.env ?? process.env, systemPaths: options.systemPaths },
    idleMs: options.idleMs,
    memoryMaxBytes: options.memoryMaxBytes,
  });
