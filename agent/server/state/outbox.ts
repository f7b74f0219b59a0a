import type { DatabaseSync } from "node:sqlite";
import { Value } from "typebox/value";
import { Saying } from "./saying.ts";
import type { Vault } from "./vault.ts";

const PURPOSE = "outbox";

export interface OutboxEntry {
  /** Ours, and the idempotency key towards XMTP: the same entry always has the same message id. */
  entryId: string;
  saying: Saying;
  messageId: string | null;
  attempts: number;
}

/** What is to be said, in order; each entry is in the chat once. Its words are cleared when it has been sent. */
export interface Outbox {
  /** Nothing happens when the entry exists: an entry id is used once, ever. */
  queue(entryId: string, saying: Saying): boolean;
  /** How many entries there are or have been whose id begins so; the prefix holds no `*`, `?` or `[`. */
  countOf(idPrefix: string): number;
  next(): OutboxEntry | undefined;
  /** Kept before anything leaves, so that a lost acknowledgement can be looked up. */
  attempted(entryId: string, messageId: string): void;
  sent(entryId: string): void;
  /** Whether a message in the chat is one of ours. */
  ownsMessage(messageId: string): boolean;
  /** The ids of our newest messages, as many as `limit`. */
  lastMessages(limit: number): readonly string[];
}

export function createOutbox(database: DatabaseSync, vault: Vault): Outbox {
  const insert = database.prepare(
    "INSERT INTO outbox (entry_id, body) VALUES (?, ?) ON CONFLICT (entry_id) DO NOTHING",
  );
  const count = database.prepare("SELECT count(*) AS entries FROM outbox WHERE entry_id GLOB ? || '*'");
  const first = database.prepare(
    "SELECT entry_id, body, message_id, attempts FROM outbox WHERE state = 'queued' ORDER BY position LIMIT 1",
  );
  const mark = database.prepare(
    "UPDATE outbox SET message_id = ?, attempts = attempts + 1 WHERE entry_id = ?",
  );
  const done = database.prepare("UPDATE outbox SET state = 'sent', body = NULL WHERE entry_id = ?");
  const owns = database.prepare("SELECT 1 FROM outbox WHERE message_id = ?");
  const newest = database.prepare(
    "SELECT message_id FROM outbox WHERE state = 'sent' AND message_id IS NOT NULL ORDER BY position DESC LIMIT ?",
  );
  return {
    queue: (entryId, saying) =>
      insert.run(entryId, vault.sealText(PURPOSE, JSON.stringify(saying))).changes > 0,
    countOf: (idPrefix) => Number(count.get(idPrefix)?.entries),
    next: () => {
      const row = first.get();
      if (row === undefined) return undefined;
      const { entry_id: entryId, body, message_id: messageId, attempts } = row;
      if (typeof entryId !== "string" || !(body instanceof Uint8Array) || typeof attempts !== "number")
        throw new TypeError("a stored outbox entry is malformed");
      return {
        entryId,
        saying: Value.Parse(Saying, JSON.parse(vault.openText(PURPOSE, body))),
        messageId: typeof messageId === "string" ? messageId : null,
        attempts,
      };
    },
    attempted: (entryId, messageId) => void mark.run(messageId, entryId),
    sent: (entryId) => void done.run(entryId),
    ownsMessage: (messageId) => owns.get(messageId) !== undefined,
    lastMessages: (limit) => newest.all(limit).map(({ message_id: id }) => String(id)),
  };
}
