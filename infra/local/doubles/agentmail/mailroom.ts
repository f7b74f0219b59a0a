import { randomUUID } from "node:crypto";
import { type Account, DOMAIN } from "./account.ts";
import { bareAddress, uniqueAddresses } from "./addresses.ts";
import type { EventFeed, EventType } from "./events.ts";
import type { InboxRecord, MessageRecord } from "./records.ts";

/** A message before it has an id, a thread and a time. */
export type Letter = Omit<
  MessageRecord,
  "position" | "inbox_id" | "thread_id" | "message_id" | "timestamp" | "created_at" | "updated_at"
>;

/** What the filters before an inbox say. Anything but `clean` is listed only when asked for. */
export type Verdict = "clean" | "spam" | "blocked" | "unauthenticated";

const RECEIVED: Record<Verdict, EventType> = {
  clean: "message.received",
  spam: "message.received.spam",
  blocked: "message.received.blocked",
  unauthenticated: "message.received.unauthenticated",
};

/**
 * Carries mail: between two inboxes of this double for real, to the outside world as far as the events. An address of
 * this domain without an inbox bounces, as does `bounce@` anywhere; `complaint@` anywhere complains after delivery.
 */
export class Mailroom {
  readonly #account: Account;
  readonly #events: EventFeed;

  constructor(account: Account, events: EventFeed) {
    this.#account = account;
    this.#events = events;
  }

  send(inbox: InboxRecord, letter: Letter): MessageRecord {
    const messageId = `<${randomUUID()}@${DOMAIN}>`;
    const recipients = uniqueAddresses([...letter.to, ...(letter.cc ?? []), ...(letter.bcc ?? [])]);
    const message = this.#store(inbox, messageId, { ...letter, labels: ["sent", ...letter.labels] });
    this.#events.sent(message, recipients);
    for (const recipient of recipients) this.#carry(message, letter, recipient);
    return message;
  }

  /** Puts a letter into an inbox. The same message arrives once, as the id says. */
  receive(inbox: InboxRecord, messageId: string, letter: Letter, verdict: Verdict): MessageRecord {
    const known = this.#account.message(inbox.inbox_id, messageId);
    if (known) return known;
    const labels = ["received", "unread", ...(verdict === "clean" ? [] : [verdict])];
    const message = this.#store(inbox, messageId, { ...letter, labels });
    this.#events.received(RECEIVED[verdict], message);
    return message;
  }

  #carry(message: MessageRecord, letter: Letter, recipient: string): void {
    const address = bareAddress(recipient);
    const isLocal = address.endsWith(`@${DOMAIN}`);
    const inbox = this.#account.inbox(address);
    if (address.startsWith("bounce@") || (isLocal && !inbox)) {
      this.#events.bounced(message, recipient);
      return;
    }
    if (inbox && inbox.inbox_id !== message.inbox_id) {
      // Who gets a blind copy is not told to anybody.
      const { bcc, ...carried } = letter;
      this.receive(inbox, message.message_id, carried, "clean");
    }
    this.#events.delivered(message, [recipient]);
    if (address.startsWith("complaint@")) this.#events.complained(message, recipient);
  }

  #store(inbox: InboxRecord, messageId: string, letter: Letter): MessageRecord {
    const now = this.#account.clock.nowIso();
    const message: MessageRecord = {
      ...letter,
      position: this.#account.nextPosition(),
      inbox_id: inbox.inbox_id,
      thread_id: this.#threadOf(inbox, letter),
      message_id: messageId,
      timestamp: now,
      created_at: now,
      updated_at: now,
    };
    this.#account.putMessage(message);
    return message;
  }

  /** The thread of a message that this one refers to, otherwise a new one. */
  #threadOf(inbox: InboxRecord, { in_reply_to, references = [] }: Letter): string {
    for (const id of in_reply_to === undefined ? references : [in_reply_to, ...references]) {
      const earlier = this.#account.message(inbox.inbox_id, id);
      if (earlier) return earlier.thread_id;
    }
    return randomUUID();
  }
}
