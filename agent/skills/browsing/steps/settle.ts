import type { Tab } from "../browser/tab.ts";
import { BROWSING_LIMITS } from "../limits.ts";
import type { Run } from "./run.ts";

/** Gives a page the time to do what a step has set off, within limits: some pages are never quiet. */
export async function settle(run: Run, tab: Tab): Promise<void> {
  try {
    await tab.page.waitForNetworkIdle({
      idleTime: BROWSING_LIMITS.quietMs,
      timeout: BROWSING_LIMITS.settleMs,
      signal: run.signal,
    });
  } catch {
    // It is not quiet yet, or has been closed, which the next look at it tells.
    run.signal.throwIfAborted();
  }
  await run.session.tabs.settle();
}
