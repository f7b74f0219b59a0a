import type { Group } from "@xmtp/node-sdk";
import { sendContent, typingIndicatorCodec } from "../../convos/index.ts";
import { errorName, type Log } from "../log.ts";

/** A typing indicator is shown for 15 s at most. */
const TYPING_REFRESH_MS = 10_000;
/** Longer than any turn: who says nothing for so long is not typing. */
const TYPING_MAX_MS = 7 * 60_000;

/** What others see of the agent besides its words. None of it is worth a second try. */
export interface Presence {
  /** It has looked at everything that was sent until now. */
  hasRead(): void;
  /** It is about to say something. */
  startsTyping(): void;
  /** It has said it, or will not; `saidNothing` takes the indicator away, which words do by themselves. */
  stopsTyping(saidNothing: boolean): void;
  stop(): void;
}

/** One thing at a time is shown; what comes meanwhile waits, and no more than one of each kind does. */
export function createPresence(options: { group(): Group<unknown> | undefined; log: Log }): Presence {
  const wanted = new Map<"receipt" | "typing", (group: Group<unknown>) => Promise<unknown>>();
  let isShowing = false;
  let isStopped = false;
  let refresh: NodeJS.Timeout | undefined;
  let isTyping = false;

  const show = async (): Promise<void> => {
    if (isShowing) return;
    isShowing = true;
    try {
      for (let next = first(); next !== undefined; next = first()) await next();
    } finally {
      isShowing = false;
    }
  };
  const first = (): (() => Promise<void>) | undefined => {
    const [entry] = wanted;
    const group = options.group();
    if (entry === undefined || group === undefined || isStopped) return undefined;
    const [kind, send] = entry;
    wanted.delete(kind);
    return async () => {
      try {
        await send(group);
      } catch (error) {
        options.log("presence-not-shown", { kind, error: errorName(error) });
      }
    };
  };
  const type = (shown: boolean): void => {
    wanted.set("typing", (group) => sendContent(group, typingIndicatorCodec, { isTyping: shown }));
    void show();
  };
  return {
    hasRead: () => {
      wanted.set("receipt", (group) => group.sendReadReceipt());
      void show();
    },
    startsTyping: () => {
      clearInterval(refresh);
      const startedAtMs = Date.now();
      isTyping = true;
      refresh = setInterval(() => {
        if (Date.now() - startedAtMs < TYPING_MAX_MS) type(true);
        else clearInterval(refresh);
      }, TYPING_REFRESH_MS);
      type(true);
    },
    stopsTyping: (saidNothing) => {
      clearInterval(refresh);
      wanted.delete("typing");
      if (saidNothing && isTyping) type(false);
      isTyping = false;
    },
    stop: () => {
      isStopped = true;
      clearInterval(refresh);
    },
  };
}
