import { setTimeout as sleep } from "node:timers/promises";
import { Type } from "typebox";
import { ToolError } from "../../kit/tool-error.ts";
import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import type { PageWorld } from "../page-world.ts";
import { within } from "../within.ts";
import { findTarget } from "./find-target.ts";
import type { Run } from "./run.ts";
import { settle } from "./settle.ts";

const Place = Type.Object({ isEmpty: Type.Boolean(), coveredBy: Type.String() });
const Typing = Type.Enum(["done", "keyboard", "readonly", "format"]);
const Choice = Type.Object({
  result: Type.Enum(["done", "off", "missing"]),
  open: Type.Array(Type.String()),
});

const COVERED_PATIENCE_MS = 1_000;
const COVERED_POLL_MS = 200;
/** Longer texts are put in at once, without a key press for each character. */
const KEYED_MAX_CHARS = 200;

/** Clicks with the mouse, as a person does: what is covered by something else is not reached. */
export async function click(run: Run, tab: Tab, target: string): Promise<string> {
  const { world, element } = await findTarget(run, tab, "click", target);
  if (element.isDisabled) throw new ToolError("It is switched off at present.");
  await within(
    BROWSING_LIMITS.stepTimeoutMs,
    "The page does not answer.",
    press(run, tab, world),
    run.signal,
  );
  const before = new Set(run.session.tabs.list());
  await settle(run, tab);
  const popup = run.session.tabs.list().find((other) => !before.has(other));
  if (popup === undefined) return "done";
  run.session.tabs.current = popup;
  await settle(run, popup);
  return `done; it opened tab ${popup.number}, in which the next steps are done`;
}

/** Types into a field in place of what is there, and gives a field of dates or the like its value. */
export async function type(run: Run, tab: Tab, target: string, text: string): Promise<string> {
  const { world, element } = await findTarget(run, tab, "type", target);
  if (element.isDisabled) throw new ToolError("The field is switched off at present.");
  const ends = text.endsWith("\n");
  const words = ends ? text.slice(0, -1) : text;
  await within(
    BROWSING_LIMITS.stepTimeoutMs,
    "The page does not answer.",
    enter(tab, world, words, ends),
    run.signal,
  );
  if (ends) await settle(run, tab);
  return "done";
}

/** Chooses from a list. */
export async function select(run: Run, tab: Tab, target: string, text: string): Promise<string> {
  const { world, element } = await findTarget(run, tab, "select", target);
  if (element.isDisabled) throw new ToolError("The list is switched off at present.");
  const { result, open } = await within(
    BROWSING_LIMITS.stepTimeoutMs,
    "The page does not answer.",
    world.call(Choice, "choose", text),
    run.signal,
  );
  const choices = open.join(" | ");
  if (result === "off") throw new ToolError(`That cannot be chosen now. What can be: ${choices}`);
  if (result === "missing") throw new ToolError(`The list has no such entry. What can be chosen: ${choices}`);
  await settle(run, tab);
  return `chose "${choices}"`;
}

async function press(run: Run, tab: Tab, world: PageWorld): Promise<void> {
  const deadline = Date.now() + COVERED_PATIENCE_MS;
  for (;;) {
    const { isEmpty, coveredBy } = await world.call(Place, "reveal");
    if (isEmpty) {
      await world.call(Type.Unknown(), "clickByName");
      return;
    }
    if (coveredBy === "") break;
    if (Date.now() > deadline) throw new ToolError(`It is covered by "${coveredBy}". Click that away first.`);
    await sleep(COVERED_POLL_MS, undefined, { signal: run.signal });
  }
  const { quads } = await tab.client.send("DOM.getContentQuads", { objectId: await world.chosen() });
  const [left = 0, top = 0, right = 0, , , bottom = 0] = quads.find(hasArea) ?? [];
  await tab.page.mouse.click((left + right) / 2, (top + bottom) / 2);
}

async function enter(tab: Tab, world: PageWorld, words: string, ends: boolean): Promise<void> {
  const way = await world.call(Typing, "prepareTyping", words);
  if (way === "readonly") throw new ToolError("That field can only be read.");
  if (way === "format")
    throw new ToolError("The field does not take that. Dates are written 2026-08-14, times 19:30.");
  const { keyboard } = tab.page;
  if (way === "keyboard") {
    if (words === "") await keyboard.press("Backspace");
    else if (words.length <= KEYED_MAX_CHARS) await keyboard.type(words);
    else await keyboard.sendCharacter(words);
  }
  if (ends) await keyboard.press("Enter");
}

const hasArea = ([x1 = 0, y1 = 0, x2 = 0, , , y3 = 0]: readonly number[]): boolean =>
  Math.abs(x2 - x1) >= 1 && Math.abs(y3 - y1) >= 1;
