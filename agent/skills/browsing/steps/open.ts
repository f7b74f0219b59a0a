import type { Page } from "puppeteer-core";
import { ToolError } from "../../kit/tool-error.ts";
import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { OverdueError, within } from "../within.ts";
import type { Run } from "./run.ts";
import { settle } from "./settle.ts";

const NET_ERROR = /net::(ERR_[A-Z_]+)/;
const REASONS: Readonly<Record<string, string>> = {
  ERR_ABORTED: "That address gives a file, or nothing. To get a file, use download with this url.",
  ERR_TOO_MANY_REDIRECTS: "The site sends the browser around in circles.",
  ERR_TUNNEL_CONNECTION_FAILED: "The site does not answer, or is not on the public internet.",
  ERR_EMPTY_RESPONSE: "The site answered with nothing.",
};
const PDF = "application/pdf";

/** The address that is meant, which must be one of the web. */
export function webAddress(text: string): string {
  const full = /^[a-z][a-z\d+.-]*:/i.test(text) && !/^[^/:]+:\d+(\/|$)/.test(text) ? text : `https://${text}`;
  if (!URL.canParse(full)) throw new ToolError("That is no web address.");
  const url = new URL(full);
  if (!["http:", "https:"].includes(url.protocol))
    throw new ToolError("Only http and https addresses are opened.");
  if (url.username !== "" || url.password !== "")
    throw new ToolError("An address with a name and password in it is not opened.");
  return url.href;
}

/** Opens an address in a tab and tells how that went. */
export async function open(run: Run, url: string, page: number | undefined): Promise<string> {
  const address = webAddress(url);
  const tab = await tabFor(run, page);
  run.call.progress(`opening ${new URL(address).host}`);
  const response = await visit(tab.page, address, run.signal);
  await settle(run, tab);
  const status = response?.status() ?? 200;
  if (response?.headers()["content-type"]?.startsWith(PDF) === true)
    return `tab ${tab.number}: a PDF. Use download with this url, then read the file.`;
  return `tab ${tab.number}${status >= 400 ? `, the site answered ${status}` : ""}`;
}

async function visit(page: Page, address: string, signal: AbortSignal): ReturnType<Page["goto"]> {
  try {
    return await page.goto(address, {
      waitUntil: "domcontentloaded",
      timeout: BROWSING_LIMITS.openTimeoutMs,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    const [, code] = NET_ERROR.exec(String(error)) ?? [];
    if (code !== undefined)
      throw new ToolError(REASONS[code] ?? `It cannot be opened (${code}).`, { cause: error });
    const isOverdue = error instanceof Error && error.name === "TimeoutError";
    if (isOverdue) throw new OverdueError("The page did not open in time.", { cause: error });
    throw error;
  }
}

/** The tab of that number, 0 for a new one; else the current one, or the first. */
export async function tabFor(run: Run, page: number | undefined): Promise<Tab> {
  const { tabs, context } = run.session;
  if (page !== undefined && page !== 0) return tabs.get(page);
  if (page === undefined && tabs.current !== undefined) return tabs.current;
  if (tabs.isFull) throw new ToolError(`At most ${BROWSING_LIMITS.tabs} tabs can be open. Close one first.`);
  const opened = await within(
    BROWSING_LIMITS.stepTimeoutMs,
    "The browser does not open a tab.",
    context.newPage(),
    run.signal,
  );
  const tab = await tabs.add(opened);
  if (tab === undefined) throw new ToolError(`At most ${BROWSING_LIMITS.tabs} tabs can be open.`);
  const timezone = run.call.asker?.timezone;
  if (timezone !== undefined && isTimezone(timezone)) await opened.emulateTimezone(timezone);
  tabs.current = tab;
  return tab;
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // A name that no timezone has; the page then sees this machine's.
    return false;
  }
}
