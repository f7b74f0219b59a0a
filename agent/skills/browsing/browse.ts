import type { ToolCall, ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import type { BrowserKeeper } from "./browser/keeper.ts";
import type { Session } from "./browser/session.ts";
import type { Tab } from "./browser/tab.ts";
import { BROWSING_LIMITS } from "./limits.ts";
import { download } from "./steps/download.ts";
import { click, select, type } from "./steps/interact.ts";
import { open, tabFor } from "./steps/open.ts";
import { read } from "./steps/read.ts";
import { currentTab, type Run } from "./steps/run.ts";
import { screenshot } from "./steps/screenshot.ts";
import { requireComplete, type Step } from "./steps/step.ts";
import { wait } from "./steps/wait.ts";
import { OverdueError, within } from "./within.ts";

/** Room for the lines about the steps; the rest is for the pages. */
const TEXT_MAX_CHARS = 20_000;
const SHOWN_MAX_CHARS = 80;
const URL_SHOWN_MAX_CHARS = 300;
const ANSWER_TIMEOUT_MS = 1_500;
/** After these the page is shown, when one of them is the last. */
const SHOWN_AFTER: ReadonlySet<Step["do"]> = new Set(["open", "click", "type", "select", "wait"]);
/** Pages that are something else than a website, or have nothing on them yet. */
const WEB_PAGE = /^(https?:|blob:https?:|about:|chrome-error:)/;

/** Does steps one after the other, up to the first that cannot be done; says of each what came of it, and shows the page. */
export async function browse(
  keeper: BrowserKeeper,
  steps: readonly Step[],
  call: ToolCall,
): Promise<ToolResult> {
  // Opening an address is enough to tell somebody something, so no step is done for nobody.
  call.mandate.requirePerson();
  requireComplete(steps);
  const time = AbortSignal.any([call.signal, AbortSignal.timeout(BROWSING_LIMITS.workTimeoutMs)]);
  return keeper.use(time, async (session) => {
    const signal = AbortSignal.any([time, session.ended]);
    const run: Run = { session, call, signal, images: [], roomChars: TEXT_MAX_CHARS };
    notes(session);
    const lines: string[] = [];
    let isDone = true;
    for (const [index, step] of steps.entries()) {
      const told = `${index + 1}. ${nameOf(step)}: `;
      try {
        lines.push(told + (await attempt(run, step)));
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        const left = steps.length - index - 1;
        lines.push(
          `${told}NOT DONE. ${error.message}${left > 0 ? ` The ${left} steps after it were not done.` : ""}`,
        );
        isDone = false;
        break;
      }
    }
    if (session.end() !== undefined) throw new ToolError("The browser has ended.");
    const last = steps.at(-1)?.do;
    if (!isDone || (last !== undefined && SHOWN_AFTER.has(last))) lines.push(await finalView(run));
    lines.push(...notes(session));
    return { text: lines.join("\n"), isForeign: true, ...(run.images.length > 0 && { images: run.images }) };
  });
}

/** Does a step. Throws ToolError with what went wrong, or what ends the whole call. */
async function attempt(run: Run, step: Step): Promise<string> {
  const { session } = run;
  const before = session.tabs.current;
  try {
    const told = await within(
      BROWSING_LIMITS.workTimeoutMs,
      "It takes too long.",
      act(run, step),
      run.signal,
    );
    await closeStrangePages(session);
    return told;
  } catch (error) {
    if (run.call.signal.aborted || session.end() !== undefined) throw error;
    if (run.signal.aborted) throw new ToolError("The time for one call is over.", { cause: error });
    if (error instanceof ToolError && !(error instanceof OverdueError)) throw error;
    if (before !== undefined && !session.tabs.list().includes(before))
      throw new ToolError(`Tab ${before.number} has closed or crashed.`, { cause: error });
    await closeIfHung(session);
    if (error instanceof OverdueError) throw error;
    throw new ToolError("The page changed while this was done. Read it, then go on.", { cause: error });
  }
}

async function act(run: Run, step: Step): Promise<string> {
  const { tabs } = run.session;
  if (step.do === "open") return open(run, step.url ?? "", step.page);
  if (step.do === "tabs") return listTabs(tabs.list(), tabs.current);
  if (step.page !== undefined) tabs.current = tabs.get(step.page);
  const tab =
    step.do === "download" && step.url !== undefined ? await tabFor(run, step.page) : currentTab(run);
  if (step.do === "close") {
    await tabs.close(tab);
    return "closed";
  }
  await within(
    BROWSING_LIMITS.stepTimeoutMs,
    "The page does not answer.",
    tab.page.bringToFront(),
    run.signal,
  );
  const { target = "", text = "" } = step;
  switch (step.do) {
    case "read":
      return `\n${await read(run, tab, step.part, step.target)}`;
    case "click":
      return click(run, tab, target);
    case "type":
      return type(run, tab, target, text);
    case "select":
      return select(run, tab, target, text);
    case "wait":
      return wait(run, tab, step);
    case "screenshot":
      return screenshot(run, tab, text === "full");
    case "download":
      return download(run, tab, step);
  }
}

/** What happened beside the steps: what the network guard refused, and what pages wanted to say by dialogs. */
function notes({ proxy, dialogs }: Session): string[] {
  const refused = proxy.takeRefusals();
  return [
    ...(refused.length > 0 ? [`Not allowed for the browser, nor for you: ${refused.join(", ")}.`] : []),
    ...dialogs.take().map((words) => `A dialog was dismissed: "${words}"`),
  ];
}

async function finalView(run: Run): Promise<string> {
  const tab = run.session.tabs.current;
  if (tab === undefined || run.signal.aborted || tab.page.url().startsWith("chrome-error:"))
    return "No page is shown.";
  try {
    return await read(run, tab);
  } catch (error) {
    if (run.call.signal.aborted || run.session.end() !== undefined) throw error;
    return `Page (tab ${tab.number}): it cannot be read at present.`;
  }
}

/** A page whose scripts never come to an end would keep a processor busy and answer nothing. */
async function closeIfHung(session: Session): Promise<void> {
  const tab = session.tabs.current;
  if (tab === undefined) return;
  try {
    const answer = tab.client.send("Runtime.evaluate", { expression: "1" });
    await within(ANSWER_TIMEOUT_MS, "The page does not answer.", answer);
    return;
  } catch {
    // It does not answer.
  }
  try {
    await session.tabs.close(tab);
  } catch (error) {
    // Either it has gone already, or its tab does not close, and all of the browser ends; the next use starts another.
    if (error instanceof OverdueError) await session.stop();
  }
  throw new ToolError("The page does not answer any more, so its tab was closed.");
}

/** Only websites are shown: nothing leads to the browser's own pages or to files, and if it did, it would end here. */
async function closeStrangePages({ tabs }: Session): Promise<void> {
  const strange = tabs.list().filter(({ page }) => !WEB_PAGE.test(page.url()));
  for (const tab of strange) await tabs.close(tab);
  if (strange.length > 0) throw new ToolError("That is not a website, so it was closed.");
}

function listTabs(tabs: readonly Tab[], current: Tab | undefined): string {
  if (tabs.length === 0) return "none are open";
  const line = (tab: Tab): string =>
    `tab ${tab.number}${tab === current ? " (here)" : ""}: ${tab.page.url().slice(0, URL_SHOWN_MAX_CHARS)}`;
  return `\n${tabs.map(line).join("\n")}`;
}

function nameOf(step: Step): string {
  const about = step.url ?? step.target ?? (step.do === "wait" ? step.text : undefined) ?? "";
  return about === "" ? step.do : `${step.do} ${about.slice(0, SHOWN_MAX_CHARS)}`;
}
