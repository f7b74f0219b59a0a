import type { ToolCall } from "../../kit/tool.ts";
import { ToolError } from "../../kit/tool-error.ts";
import type { Session } from "../browser/session.ts";
import type { Tab } from "../browser/tab.ts";

/** What the steps of one call share. */
export interface Run {
  session: Session;
  call: ToolCall;
  /** Aborts when the call is over. */
  signal: AbortSignal;
  images: { mimeType: string; base64: string }[];
  /** Characters that may still be told. */
  roomChars: number;
}

/** The tab that is worked in. Throws ToolError when there is none. */
export function currentTab({ session }: Run): Tab {
  const { current } = session.tabs;
  if (current === undefined) throw new ToolError("No page is open. Open one first.");
  return current;
}
