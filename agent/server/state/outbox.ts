import type { DatabaseSync } from "node:sqlite";
import { Value } from "typebox/value";
import { transaction } from "./database.ts";
import { Saying } from "./saying.ts";
import type { Vault } from "./vault.ts";

const PURPOSE = "outbox";

export interface OutboxEntry {
  /** Ours, and the idempotency key towards XMTP: the same entry always has the same message id. */
  entryId: string;
  saying: Saying;
  /** The messages that it has become so far, the oldest first; more than one only where XMTP gives it another id. */
  messageIds: readonly string[];
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
  /** The entry that a message in the chat is of. */
  entryOf(messageId: string): string | undefined;
  /** The ids of the newest messages in which we said something, as many as `limit`. */
  lastMessages(limit: number): readonly string[];
}

export function createOutbox(database: DatabaseSync, vault: Vault): Outbox {
  const insert = database.prepare(
    "INSERT INTO outbox (entry_id, body) VALUES (?, ?) ON CONFLICT (entry_id) DO NOTHING",
  );
  const count = database.prepare("SELECT count(*) AS entries FROM outbox WHERE entry_id GLOB ? || '*'");
  const first = database.prepare(
    "SELECT entry_id, body, attempts FROM outbox WHERE state = 'queued' ORDER BY position LIMIT 1",
  );
  const tried = database.prepare("SELECT message_id FROM outbox_message WHERE entry_id = ? ORDER BY rowid");
  const raise = database.prepare("UPDATE outbox SET attempts = attempts + 1 WHERE entry_id = ?");
  const mark = database.prepare(
    "INSERT INTO outbox_message (message_id, entry_id) VALUES (?, ?) ON CONFLICT (message_id) DO NOTHING",
  );
  const done = database.prepare("UPDATE outbox SET state = 'sent', body = NULL WHERE entry_id = ?");
  const owns = database.prepare("SELECT entry_id FROM outbox_message WHERE message_id = ?");
  const newest = database.prepare(
    `SELECT message_id FROM outbox_message WHERE entry_id NOT GLOB 'eyes:*' AND entry_id NOT GLOB '*:thinking:*'
     ORDER BY rowid DESC LIMIT ?`,
  );
  return {
    queue: (entryId, saying) =>
      insert.run(entryId, vault.sealText(PURPOSE, JSON.stringify(saying))).changes > 0,
    countOf: (idPrefix) => Number(count.get(idPrefix)?.entries),
    next: () => {
      const row = first.get();
      if (row === undefined) return undefined;
      const { entry_id: entryId, body, attempts } = row;
      if (typeof entryId !== "string" || !(body instanceof Uint8Array) || typeof attempts !== "number")
        throw new TypeError("a stored outbox entry is malformed");
      return {
        entryId,
        saying: Value.Parse(Saying, JSON.parse(vault.openText(PURPOSE, body))),
        messageIds: tried.all(entryId).map(({ message_id: id }) => String(id)),
        attempts,
      };
    },
    attempted: (entryId, messageId) =>
      transaction(database, () => {
        raise.run(entryId);
        mark.run(messageId, entryId);
      }),
    sent: (entryId) => void done.run(entryId),
    ownsMessage: (messageId) => owns.get(messageId) !== undefined,
    entryOf: (messageId) => {
      const id = owns.get(messageId)?.entry_id;
      return typeof id === "string" ? id : undefined;
    },
    lastMessages: (limit) => newest.all(limit).map(({ message_id: id }) => String(id)),
  };
}
