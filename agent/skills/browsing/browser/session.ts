import { join } from "node:path";
import type { BrowserContext, CDPSession } from "puppeteer-core";
import { ToolError } from "../../kit/tool-error.ts";
import type { NetworkRules } from "../network/guard.ts";
import { type GuardProxy, startGuardProxy } from "../network/proxy.ts";
import {
  type BrowserEnd,
  type BrowserUser,
  type ConfinedBrowser,
  launchBrowser,
  makeOwnDir,
  removeOwnDir,
  sandboxOf,
} from "./confined-browser.ts";
import { type Dialogs, dismissDialogs } from "./dialogs.ts";
import { Tabs } from "./tab.ts";

const GUID = /^[\da-f-]{36}$/i;

/** A running browser with its proxy and its folder. */
export interface Session {
  context: BrowserContext;
  tabs: Tabs;
  proxy: GuardProxy;
  /** To the browser as a whole. */
  client: CDPSession;
  dialogs: Dialogs;
  downloadsDir: string;
  /** A downloaded file, which is removed. It is read under the user of the browser, who could have put a link there. */
  takeDownload(guid: string, maxBytes: number, signal: AbortSignal): Promise<Buffer>;
  end(): BrowserEnd | undefined;
  /** Aborts when the browser ends. */
  ended: AbortSignal;
  memoryBytes(): Promise<number>;
  /** Ends the browser and removes all it has written. */
  stop(): Promise<void>;
}

export interface SessionOptions {
  user: BrowserUser;
  path: string;
  env: Readonly<Record<string, string>>;
  rules: NetworkRules;
  memoryMaxBytes: number;
}

export async function startSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  await using opened = new AsyncDisposableStack();
  const dir = opened.adopt(await makeOwnDir(options.user), (made) => removeOwnDir(options.user, made));
  const proxy = opened.adopt(await startGuardProxy(options.rules), (started) => started.close());
  const confined = opened.adopt(
    await launchAsPossible({ ...options, dir, proxyPort: proxy.port, signal }),
    (launched) => launched.stop(),
  );
  const { browser } = confined;
  const client = await browser.target().createCDPSession();
  const tabs = new Tabs();
  const dialogs = await dismissDialogs(client, (opened) => {
    if (opened.openerId !== undefined) tabs.announcePopup();
  });
  const context = await browser.createBrowserContext({ downloadBehavior: { policy: "deny" } });
  context.on("targetcreated", (target) => {
    // What we open ourselves has no opener.
    if (target.type() === "page" && target.opener() !== undefined) void tabs.addPopup(target.page());
  });
  const downloadsDir = join(dir, "downloads");
  const sandbox = sandboxOf(options.user, dir);
  const resources = opened.move();
  let stopping: Promise<void> | undefined;
  return {
    context,
    tabs,
    proxy,
    client,
    dialogs,
    downloadsDir,
    takeDownload: (guid, maxBytes, stopped) => {
      if (!GUID.test(guid)) throw new ToolError("The download broke off.");
      const file = join(downloadsDir, guid);
      return sandbox.exec(["/bin/sh", "-c", 'cat -- "$0" && rm -- "$0"', file], {
        signal: stopped,
        maxOutputBytes: maxBytes,
      });
    },
    end: confined.end,
    ended: confined.ended,
    memoryBytes: confined.memoryBytes,
    stop: () => {
      stopping ??= resources.disposeAsync();
      return stopping;
    },
  };
}

/** Whether its own sandbox works on this machine, by the path of a browser; unknown until a start has shown it. */
const sandboxes = new Map<string, boolean>();

/**
 * With Chromium's own sandbox, which needs user namespaces; a container often has none. Then the user that the browser runs
 * as is what confines it.
 */
async function launchAsPossible(
  options: Omit<Parameters<typeof launchBrowser>[0], "isSandboxed">,
): Promise<ConfinedBrowser> {
  const canSandbox = sandboxes.get(options.path);
  if (canSandbox !== false) {
    try {
      const launched = await launchBrowser({ ...options, isSandboxed: true });
      sandboxes.set(options.path, true);
      return launched;
    } catch (error) {
      if (canSandbox === true || options.signal.aborted) throw startFault(options.signal, error);
    }
  }
  try {
    const launched = await launchBrowser({ ...options, isSandboxed: false });
    sandboxes.set(options.path, false);
    return launched;
  } catch (error) {
    throw startFault(options.signal, error);
  }
}

function startFault(signal: AbortSignal, cause: unknown): unknown {
  return signal.aborted
    ? signal.reason
    : new ToolError("The browser does not start on this machine at present.", { cause });
}
