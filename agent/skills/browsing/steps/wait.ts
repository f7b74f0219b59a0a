import { setTimeout as sleep } from "node:timers/promises";
import { Type } from "typebox";
import { ToolError } from "../../kit/tool-error.ts";
import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { openWorlds } from "../page-world.ts";
import { within } from "../within.ts";
import { findTarget } from "./find-target.ts";
import type { Run } from "./run.ts";
import type { Step } from "./step.ts";

const POLL_MS = 200;

/** Waits for something to appear, or for a time. */
export async function wait(run: Run, tab: Tab, { target, text, ms }: Step): Promise<string> {
  const patienceMs = ms ?? BROWSING_LIMITS.waitMaxMs;
  if (target !== undefined) {
    await findTarget(run, tab, "any", target, patienceMs);
    return "it is there";
  }
  if (text === undefined) {
    await sleep(patienceMs, undefined, { signal: run.signal });
    return "waited";
  }
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const isThere = await within(
      BROWSING_LIMITS.stepTimeoutMs,
      "The page does not answer.",
      hasText(tab, text),
      run.signal,
    );
    if (isThere) return "it is there";
    if (Date.now() > deadline) throw new ToolError("It did not appear in time.");
    await sleep(POLL_MS, undefined, { signal: run.signal });
  }
}

async function hasText(tab: Tab, text: string): Promise<boolean> {
  for (const world of await openWorlds(tab.client))
    if (await world.call(Type.Boolean(), "hasText", text)) return true;
  return false;
}
