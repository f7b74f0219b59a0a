import { Type } from "typebox";
import { ToolError } from "../../kit/tool-error.ts";
import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { openWorlds } from "../page-world.ts";
import { within } from "../within.ts";
import { findTarget } from "./find-target.ts";
import type { Run } from "./run.ts";

const Reading = Type.Object({
  text: Type.String({ maxLength: BROWSING_LIMITS.pageMaxChars }),
  isCut: Type.Boolean(),
  next: Type.Integer({ minimum: 1 }),
});

const TITLE_MAX_CHARS = 200;
const URL_MAX_CHARS = 500;

/** A part of a page, or of an element of it, as text with numbered links and fields. */
export async function read(run: Run, tab: Tab, part = 1, target?: string): Promise<string> {
  const { text, isCut } = await within(
    BROWSING_LIMITS.stepTimeoutMs,
    "The page does not answer.",
    target === undefined ? wholeText(tab) : elementText(run, tab, target),
    run.signal,
  );
  const size = Math.max(1_000, Math.min(BROWSING_LIMITS.partChars, run.roomChars));
  const parts = Math.max(1, Math.ceil(text.length / BROWSING_LIMITS.partChars));
  if (part > parts) throw new ToolError(`The page has ${parts === 1 ? "one part" : `${parts} parts`} only.`);
  const start = (part - 1) * BROWSING_LIMITS.partChars;
  const shown = text.slice(start, start + size);
  run.roomChars -= shown.length;
  const more =
    part < parts || start + shown.length < Math.min(text.length, start + BROWSING_LIMITS.partChars);
  return [
    `Page (tab ${tab.number}): ${await titleOf(tab)} ${tab.page.url().slice(0, URL_MAX_CHARS)}`,
    ...(parts > 1 ? [`Part ${part} of ${parts}:`] : []),
    shown === "" ? "(no text)" : shown,
    ...(more ? ["(more: read with part)"] : isCut ? ["(The page goes on, but is too long to be read.)"] : []),
  ].join("\n");
}

interface PageText {
  text: string;
  isCut: boolean;
}

async function wholeText(tab: Tab): Promise<PageText> {
  const texts: string[] = [];
  let isCut = false;
  for (const world of await openWorlds(tab.client)) {
    const reading = await world.call(Reading, "read", tab.nextItem);
    tab.nextItem = reading.next;
    isCut ||= reading.isCut;
    if (world.frame.parentId === undefined) texts.push(reading.text);
    else if (reading.text !== "") texts.push(`(a frame from ${originOf(world.frame.url)})\n${reading.text}`);
  }
  return { text: texts.join("\n").slice(0, BROWSING_LIMITS.pageMaxChars), isCut };
}

async function elementText(run: Run, tab: Tab, target: string): Promise<PageText> {
  const { world } = await findTarget(run, tab, "any", target);
  const reading = await world.call(Reading, "readChosen", tab.nextItem);
  tab.nextItem = reading.next;
  return reading;
}

async function titleOf(tab: Tab): Promise<string> {
  const { targetInfo } = await tab.client.send("Target.getTargetInfo");
  return targetInfo.title.replace(/\s+/g, " ").slice(0, TITLE_MAX_CHARS);
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : "somewhere");
