import { setTimeout as sleep } from "node:timers/promises";
import { type Static, Type } from "typebox";
import { ToolError } from "../../kit/tool-error.ts";
import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import { openWorlds, type PageWorld } from "../page-world.ts";
import { within } from "../within.ts";
import type { Run } from "./run.ts";

/** What the element will be used for, which says what kinds of it fit. */
export type Purpose = "click" | "type" | "select" | "any";

const Element = Type.Object({
  found: Type.Literal(true),
  kind: Type.String(),
  name: Type.String(),
  isDisabled: Type.Boolean(),
  href: Type.String(),
});
const Finding = Type.Union([
  Element,
  Type.Object({
    found: Type.Literal(false),
    reason: Type.Union([Type.Literal("hidden"), Type.Literal("unfit"), Type.Literal("missing")]),
  }),
]);

const MISSING_PATIENCE_MS = 2_000;
const POLL_MS = 150;
const REASONS = {
  hidden: "It is on the page, but hidden.",
  unfit: "What is there is of another kind.",
  missing: "There is no such thing on the page.",
} as const;

/** The element that the model means, in whichever frame it is; waits a little for it. Throws ToolError when it is not there. */
export async function findTarget(
  run: Run,
  tab: Tab,
  purpose: Purpose,
  target: string,
  patienceMs = MISSING_PATIENCE_MS,
): Promise<{ world: PageWorld; element: Static<typeof Element> }> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await within(
      BROWSING_LIMITS.stepTimeoutMs,
      "The page does not answer.",
      look(tab, purpose, target),
      run.signal,
    );
    if ("world" in found) return found;
    if (Date.now() > deadline) throw new ToolError(REASONS[found.reason]);
    await sleep(POLL_MS, undefined, { signal: run.signal });
  }
}

async function look(
  tab: Tab,
  purpose: Purpose,
  target: string,
): Promise<{ world: PageWorld; element: Static<typeof Element> } | { reason: keyof typeof REASONS }> {
  let reason: keyof typeof REASONS = "missing";
  for (const world of await openWorlds(tab.client)) {
    const element = await world.call(Finding, "find", purpose, target);
    if (element.found) return { world, element };
    if (reason === "missing") reason = element.reason;
  }
  return { reason };
}
