import { AgentMail } from "agentmail";
import { connect, type Mailbox, type OpenMailbox } from "../../skills/agentmail/mailbox.ts";
import { errorName, type Log } from "../log.ts";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { backOffMs, createWake, pause } from "../wake.ts";
import { readMail } from "./mail-message.ts";
import { listenForMail } from "./mail-socket.ts";
import { mailTurnId, toStoredMessage } from "./outside-message.ts";

const RETRY_MS = 500;
const RETRY_MAX_MS = 60_000;
/** A connection that is dead without a word is replaced after this time, and what it has missed is found. */
const SESSION_MS = 10 * 60_000;
/** Whoever says which mailbox it is has its own time limit, which an end does not wait for. */
const MAILBOX_TIMEOUT_MS = 60_000;
const NO_MAILBOX_MS = 10 * 60_000;
const PAGE_SIZE = 100;
/** Of what came before the claim nothing is a turn; the provider's clock may differ from ours by this much. */
const CLAIM_LEEWAY_MS = 60_000;
/** The times in a list are those that senders wrote: what came lately is looked at again, this far back. */
const OVERLAP_MS = 24 * 3_600_000;

export interface MailWatchOptions {
  /** Undefined: there is none. Rejects while it is being made. */
  mailbox(): Promise<Mailbox | undefined>;
  /** Of the provider's API; undefined for the provider itself. */
  baseUrl?: string | undefined;
  /** Nothing is looked at before there is a claim. */
  isClaimed(): boolean;
  /** Durable: the time (RFC 3339) up to which every mail is known; undefined before the first look. */
  since: { read(): string | undefined; write(at: string): void };
  /** Whether a message of this id has been taken before. */
  knows(id: string): boolean;
  /** Makes it a turn, once; false when it was known. */
  take(message: StoredMessage): boolean;
  /** Something new waits for an answer. */
  onMessage(): void;
  log: Log;
}

export interface MailWatch {
  /** There is a claim, or a mailbox. */
  wake(): void;
  stop(): Promise<void>;
}

/**
 * Makes turns of the mail that comes: told by the provider's websocket, and found by a look at what is unread whenever a
 * connection begins, because nothing is told again that came while there was none.
 */
export function startMailWatch(options: MailWatchOptions): MailWatch {
  const { since, log } = options;
  const stopping = new AbortController();
  const wake = createWake();
  /** Told or found, and not taken yet. */
  const due = new Set<string>();

  const takeOne = async ({ sdk, address }: OpenMailbox, id: string, signal: AbortSignal): Promise<void> => {
    if (options.knows(mailTurnId(id))) return;
    const mail = await orAbsent(() => sdk.inboxes.messages.get(address, id, { abortSignal: signal }));
    const message = mail && readMail(mail, address);
    if (message === undefined || !options.isClaimed()) return;
    const isNew = options.take(toStoredMessage(id, "mail", message));
    if (isNew) options.onMessage();
    log("mail-taken", { isNew });
  };
  /** One that cannot be had keeps none of the others. Rejects at the end if there was one. */
  const takeDue = async (box: OpenMailbox, signal: AbortSignal): Promise<void> => {
    let failure: unknown;
    for (const id of due) {
      if (signal.aborted) return;
      try {
        await takeOne(box, id, signal);
        due.delete(id);
      } catch (error) {
        failure = error;
      }
    }
    if (failure !== undefined) throw failure;
  };
  const beginning = (): number => {
    const known = since.read();
    if (known !== undefined) return Date.parse(known);
    const atMs = Date.now() - CLAIM_LEEWAY_MS;
    since.write(new Date(atMs).toISOString());
    return atMs;
  };
  const look = async ({ sdk, address }: OpenMailbox, signal: AbortSignal): Promise<void> => {
    const startedMs = Date.now();
    const fromMs = beginning();
    const query = { labels: ["unread"], after: new Date(fromMs), ascending: true, limit: PAGE_SIZE };
    let pageToken: string | undefined;
    do {
      const request = pageToken === undefined ? query : { ...query, pageToken };
      const page = await sdk.inboxes.messages.list(address, request, { abortSignal: signal });
      for (const { messageId } of page.messages)
        if (!options.knows(mailTurnId(messageId))) due.add(messageId);
      await takeDue({ sdk, address }, signal);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined && !signal.aborted);
    if (!signal.aborted) since.write(new Date(Math.max(fromMs, startedMs - OVERLAP_MS)).toISOString());
  };

  /** One connection, and the work it brings. Rejects when either fails. */
  const session = async (box: OpenMailbox): Promise<void> => {
    const ended = new AbortController();
    const signal = AbortSignal.any([stopping.signal, ended.signal]);
    // Also before the connection is there: mail comes, though late, where no connection ever is.
    let isLookDue = true;
    const work = async (): Promise<void> => {
      while (!signal.aborted) {
        if (isLookDue) {
          isLookDue = false;
          await look(box, signal);
        }
        await takeDue(box, signal);
        if (!isLookDue && due.size === 0) await wake.sleep(signal);
      }
    };
    const onSubscribed = (): void => {
      isLookDue = true;
      wake.wake();
    };
    const onMail = (id: string): void => {
      due.add(id);
      wake.wake();
    };
    const parts = [listenForMail(box, { onSubscribed, onMail, signal }), work(), pause(SESSION_MS, signal)];
    try {
      await Promise.race(parts);
    } finally {
      ended.abort();
      await Promise.allSettled(parts);
    }
  };
  const loop = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      if (!options.isClaimed()) {
        await wake.sleep(stopping.signal);
        continue;
      }
      const startedMs = Date.now();
      try {
        beginning();
        const mailbox = await inTime(options.mailbox(), stopping.signal);
        if (mailbox === undefined) await wake.sleep(stopping.signal, NO_MAILBOX_MS);
        else await session(connect(mailbox, options.baseUrl));
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        log("mail-watch-failed", { error: errorName(error) });
        // A connection that held for a while says that the trouble before it is over.
        if (Date.now() - startedMs > RETRY_MAX_MS) failures = 0;
        await pause(backOffMs(failures++, RETRY_MS, RETRY_MAX_MS), stopping.signal);
      }
    }
  };
  const running = loop();
  return {
    wake: () => wake.wake(),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Rejects with the signal's reason as soon as it aborts. */
async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const end = (): void => done.abort();
  void work.then(end, end);
  await pause(MAILBOX_TIMEOUT_MS, AbortSignal.any([signal, done.signal]));
  signal.throwIfAborted();
  if (!done.signal.aborted) throw new Error("nobody says which mailbox it is");
  return work;
}

/** Undefined for a mail that has been deleted. */
async function orAbsent<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof AgentMail.NotFoundError) return undefined;
    throw error;
  }
}
