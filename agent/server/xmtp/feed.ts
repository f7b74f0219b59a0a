import type { ConsentState, DecodedMessage } from "@xmtp/node-sdk";
import { CONSENT } from "../../convos/index.ts";
import { errorName, type Log } from "../log.ts";
import { createWake, pause } from "../wake.ts";
import type { XmtpClient } from "./open-client.ts";

/** A stream is retried each second for as long as the process lives (about 30 years). */
const RETRY_DELAY_MS = 1_000;
const RETRY_ATTEMPTS = 1_000_000_000;
/** A stream is not a complete feed: what was missed is looked for after each restart and also now and then. */
const CATCH_UP_EVERY_MS = 60_000;
const CATCH_UP_RETRY_MS = 1_000;

/** Messages of unknown senders matter: a join request comes from somebody we never met. */
export const READ_CONSENT: ConsentState[] = [CONSENT.unknown, CONSENT.allowed];

export interface FeedOptions {
  client: XmtpClient;
  /** Called for each streamed message, one at a time. May be called twice for one message. */
  onMessage(message: DecodedMessage): Promise<void>;
  /** Reads what the stream did not bring; called after each (re)start. Repeated until it does not reject. */
  catchUp(): Promise<void>;
  log: Log;
}

export interface Feed {
  /** Whether the stream is up at this moment and nothing before it is unread. */
  readonly live: boolean;
  /** Makes a catch-up run soon. */
  catchUpSoon(): void;
  stop(): Promise<void>;
}

/** Reads everything that reaches a client: the stream first, then the past, so that nothing falls in between. */
export function startFeed(options: FeedOptions): Feed {
  const { client, log } = options;
  const stopping = new AbortController();
  const catchUp = createWake();
  let streaming = false;
  let caughtUp = false;

  const streamLoop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const stream = await client.conversations.streamAllMessages({
          consentStates: READ_CONSENT,
          retryDelay: RETRY_DELAY_MS,
          retryAttempts: RETRY_ATTEMPTS,
          onFail: () => {
            streaming = false;
            caughtUp = false;
          },
          onRestart: () => {
            streaming = true;
            catchUp.wake();
          },
          onError: (error) => log("xmtp-stream-error", { error: errorName(error) }),
        });
        streaming = true;
        catchUp.wake();
        const end = (): void => void stream.end();
        stopping.signal.addEventListener("abort", end, { once: true });
        if (stopping.signal.aborted) end();
        for await (const message of stream) {
          if (message === undefined || stopping.signal.aborted) continue;
          if (!(await guarded("xmtp-message-failed", () => options.onMessage(message)))) catchUp.wake();
        }
        stopping.signal.removeEventListener("abort", end);
      } catch (error) {
        log("xmtp-stream-failed", { error: errorName(error) });
      }
      streaming = false;
      caughtUp = false;
      if (!stopping.signal.aborted) await pause(RETRY_DELAY_MS, stopping.signal);
    }
  };
  const catchUpLoop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await catchUp.sleep(stopping.signal, caughtUp || !streaming ? CATCH_UP_EVERY_MS : CATCH_UP_RETRY_MS);
      if (stopping.signal.aborted || !streaming) continue;
      caughtUp = await guarded("xmtp-catch-up-failed", () => options.catchUp());
    }
  };
  /** A message that cannot be dealt with now is found again by the next catch-up. */
  const guarded = async (event: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      log(event, { error: errorName(error) });
      caughtUp = false;
      return false;
    }
  };
  const loops = Promise.all([streamLoop(), catchUpLoop()]);
  return {
    get live() {
      return streaming && caughtUp;
    },
    catchUpSoon: () => catchUp.wake(),
    stop: async () => {
      stopping.abort();
      await loops;
    },
  };
}
