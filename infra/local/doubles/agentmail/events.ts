import { randomUUID } from "node:crypto";
import type { Account } from "./account.ts";
import { eventMessage, threadItem } from "./message-view.ts";
import type { MessageRecord } from "./records.ts";

export const EVENT_TYPES = [
  "message.received",
  "message.received.spam",
  "message.received.blocked",
  "message.received.unauthenticated",
  "message.sent",
  "message.delivered",
  "message.bounced",
  "message.complained",
  "message.rejected",
  "message.opened",
  "domain.verified",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface MailEvent {
  inboxId: string;
  type: EventType;
  /** As it goes over the wire, to webhooks and websockets alike. */
  body: Record<string, unknown>;
}

type Listener = (event: MailEvent) => void;

/** What happens to mail, told to whoever listens at that moment: nothing is kept for later. */
export class EventFeed {
  readonly #account: Account;
  readonly #listeners: Listener[] = [];

  constructor(account: Account) {
    this.#account = account;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  received(type: EventType, message: MessageRecord): void {
    const thread = this.#account
      .messagesOf(message.inbox_id)
      .filter(
        ({ thread_id, message_id }) => thread_id === message.thread_id && message_id !== message.message_id,
      );
    const [first = message, ...rest] = [...thread, message];
    this.#emit(type, message.inbox_id, {
      message: eventMessage(message, this.#account.settings.senderField),
      thread: threadItem([first, ...rest]),
    });
  }

  sent(message: MessageRecord, recipients: string[]): void {
    this.#emit("message.sent", message.inbox_id, { send: { ...outline(message), recipients } });
  }

  delivered(message: MessageRecord, recipients: string[]): void {
    this.#emit("message.delivered", message.inbox_id, { delivery: { ...outline(message), recipients } });
  }

  bounced(message: MessageRecord, address: string): void {
    const recipients = [{ address, status: "5.1.1" }];
    const bounce = { ...outline(message), type: "Permanent", sub_type: "NoEmail", recipients };
    this.#emit("message.bounced", message.inbox_id, { bounce });
  }

  complained(message: MessageRecord, address: string): void {
    const complaint = { ...outline(message), type: "abuse", sub_type: "", recipients: [address] };
    this.#emit("message.complained", message.inbox_id, { complaint });
  }

  #emit(type: EventType, inboxId: string, what: Record<string, unknown>): void {
    const body = { type: "event", event_type: type, event_id: randomUUID(), ...what };
    for (const listener of this.#listeners) listener({ inboxId, type, body });
  }
}

const outline = ({ inbox_id, thread_id, message_id, timestamp }: MessageRecord) => ({
  inbox_id,
  thread_id,
  message_id,
  timestamp,
});
