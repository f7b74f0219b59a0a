import { createHash } from "node:crypto";
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";

export interface LogEntry {
  /** Rises over all topics of one log, from 1. */
  readonly id: number;
  readonly body: Uint8Array;
}

type TopicListener = (topic: string) => void;

/** An append-only log by topic in one table. Its ids form one series over all topics, as clients expect of a node. */
export class TopicLog {
  readonly #insert: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;
  readonly #topicCount: StatementSync;
  readonly #totals: StatementSync;
  readonly #listeners = new Map<string, Set<TopicListener>>();
  #nextId: number;

  /** `table` is created when absent. It is put into the statements as it is: a constant name of this code only. */
  constructor(database: DatabaseSync, table: string) {
    database.exec(`
      CREATE TABLE IF NOT EXISTS ${table} (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, digest BLOB UNIQUE, body BLOB NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS ${table}_by_topic ON ${table} (topic, id);
    `);
    this.#insert = database.prepare(
      `INSERT INTO ${table} (id, topic, digest, body) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`,
    );
    this.#ascending = database.prepare(
      `SELECT id, body FROM ${table} WHERE topic = ? AND id > ? ORDER BY id LIMIT ?`,
    );
    this.#descending = database.prepare(
      `SELECT id, body FROM ${table} WHERE topic = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    );
    this.#topicCount = database.prepare(`SELECT count(*) AS entries FROM ${table} WHERE topic = ?`);
    this.#totals = database.prepare(
      `SELECT count(*) AS entries, count(DISTINCT topic) AS topics FROM ${table}`,
    );
    const last = database.prepare(`SELECT coalesce(max(id), 0) AS id FROM ${table}`).get();
    this.#nextId = numberOf(last?.id) + 1;
  }

  /**
   * Adds what `build` makes of the new id. With `dedupeBy`, the same bytes are taken once per topic; a repetition is
   * silently dropped, because a client that missed the first answer sends again. Returns whether it was stored.
   */
  append(topic: string, build: (id: number) => Uint8Array, dedupeBy?: Uint8Array): boolean {
    const digest = dedupeBy
      ? createHash("sha256").update(topic).update("\0").update(dedupeBy).digest()
      : null;
    const { changes } = this.#insert.run(this.#nextId, topic, digest, build(this.#nextId));
    if (changes === 0) return false;
    this.#nextId += 1;
    for (const listener of this.#listeners.get(topic) ?? []) listener(topic);
    return true;
  }

  /** Entries with an id above `cursor`, oldest first. */
  after(topic: string, cursor: number, limit: number): LogEntry[] {
    return this.#ascending.all(topic, cursor, limit).map(entryOf);
  }

  /** Entries with an id below `cursor`, newest first. */
  before(topic: string, cursor: number, limit: number): LogEntry[] {
    return this.#descending.all(topic, cursor, limit).map(entryOf);
  }

  newest(topic: string): LogEntry | undefined {
    return this.before(topic, Number.MAX_SAFE_INTEGER, 1)[0];
  }

  count(topic: string): number {
    return numberOf(this.#topicCount.get(topic)?.entries);
  }

  totals(): { readonly entries: number; readonly topics: number } {
    const row = this.#totals.get();
    return { entries: numberOf(row?.entries), topics: numberOf(row?.topics) };
  }

  /**
   * Calls `listener` on each entry added to the topic, perhaps inside a transaction: read the log later, not at once.
   * Returns how to stop.
   */
  listen(topic: string, listener: TopicListener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(topic);
    };
  }
}

function numberOf(value: SQLOutputValue | undefined): number {
  if (typeof value !== "number") throw new TypeError("the database answered something other than a number");
  return value;
}

function entryOf(row: Record<string, SQLOutputValue>): LogEntry {
  if (!(row.body instanceof Uint8Array)) throw new TypeError("a log entry's body is not bytes");
  return { id: numberOf(row.id), body: row.body };
}
