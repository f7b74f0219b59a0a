import type { CDPSession, Protocol } from "puppeteer-core";
import { BROWSING_LIMITS } from "../limits.ts";

const TOLD_MAX = 3;
const WORDS_MAX_CHARS = 200;

/** What pages wanted to tell by dialogs. */
export interface Dialogs {
  /** Words of the first of them since the last call. */
  take(): string[];
}

/**
 * Dismisses every dialog of every page, and closes a page that has too many. Each page is held back until this is in place: a
 * dialog that nobody sees would stop it for good. `client` is a session of the browser as a whole; `onPage` is told each page.
 */
export async function dismissDialogs(
  client: CDPSession,
  onPage: (page: Protocol.Target.TargetInfo) => void,
): Promise<Dialogs> {
  const told: string[] = [];

  const watch = async (page: CDPSession, targetId: string): Promise<void> => {
    let count = 0;
    page.on("Page.javascriptDialogOpening", ({ message }: Protocol.Page.JavascriptDialogOpeningEvent) => {
      count += 1;
      if (told.length < TOLD_MAX) told.push(message.slice(0, WORDS_MAX_CHARS));
      const ending =
        count > BROWSING_LIMITS.dialogsPerPage
          ? client.send("Target.closeTarget", { targetId })
          : page.send("Page.handleJavaScriptDialog", { accept: false });
      // The page has gone, and its dialog with it.
      ending.catch(() => undefined);
    });
    // In this order, but the answer to the first comes after the second.
    await Promise.all([page.send("Page.enable"), page.send("Runtime.runIfWaitingForDebugger")]);
  };

  client.on("Target.attachedToTarget", ({ sessionId, targetInfo }: Protocol.Target.AttachedToTargetEvent) => {
    onPage(targetInfo);
    const page = client.connection()?.session(sessionId);
    // One that goes at once needs no watching.
    if (page) watch(page, targetInfo.targetId).catch(() => undefined);
  });
  await client.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: true,
    flatten: true,
    filter: [{ type: "page" }, { exclude: true }],
  });
  return { take: () => told.splice(0) };
}
