import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { FILE_MODE } from "./durable-file.ts";

export class StateLockedError extends Error {
  override readonly name = "StateLockedError";
  constructor() {
    super("another agent process holds this STATE_DIR; one process per state folder");
  }
}

/** What people said and what was said to them is sealed, and cleared once it has been dealt with. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS claim (
  claim_id TEXT PRIMARY KEY, request BLOB NOT NULL, outcome TEXT NOT NULL, answer BLOB,
  only_one INTEGER NOT NULL UNIQUE DEFAULT 1 CHECK (only_one = 1)) STRICT;
CREATE TABLE IF NOT EXISTS turn (
  turn_id TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('open', 'done')), opened_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, acted INTEGER NOT NULL DEFAULT 0 CHECK (acted IN (0, 1))) STRICT;
CREATE TABLE IF NOT EXISTS turn_cost (
  turn_id TEXT PRIMARY KEY REFERENCES turn (turn_id), micro_usd INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS turn_opened ON turn (opened_at);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_turn ON turn (state) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS inbound (
  position INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, sent_at_ms INTEGER NOT NULL,
  message BLOB, turn_id TEXT REFERENCES turn (turn_id)) STRICT;
CREATE INDEX IF NOT EXISTS inbound_waiting ON inbound (position) WHERE turn_id IS NULL AND message IS NOT NULL;
CREATE TABLE IF NOT EXISTS outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT, entry_id TEXT NOT NULL UNIQUE, body BLOB,
  attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent'))) STRICT;
CREATE INDEX IF NOT EXISTS outbox_queued ON outbox (position) WHERE state = 'queued';
CREATE TABLE IF NOT EXISTS outbox_message (
  message_id TEXT PRIMARY KEY, entry_id TEXT NOT NULL REFERENCES outbox (entry_id)) STRICT;
CREATE INDEX IF NOT EXISTS outbox_message_of ON outbox_message (entry_id);
CREATE TABLE IF NOT EXISTS join_ledger (
  message_id TEXT PRIMARY KEY, outcome TEXT NOT NULL, inbox_id TEXT NOT NULL, tag TEXT NOT NULL,
  invite_hash TEXT NOT NULL, group_id TEXT) STRICT;
CREATE TABLE IF NOT EXISTS report (
  position INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, epoch INTEGER, sequence INTEGER,
  done INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS named_address (
  digest BLOB NOT NULL, inbox_id TEXT NOT NULL, PRIMARY KEY (digest, inbox_id)) STRICT;
CREATE TABLE IF NOT EXISTS schedule (id TEXT PRIMARY KEY, due_at INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS schedule_run (
  position INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, origin BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS calendar_event (
  position INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, event BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sms (
  position INTEGER PRIMARY KEY AUTOINCREMENT, sms_id TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL, peer BLOB NOT NULL,
  state TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS sms_of_peer ON sms (peer, at_ms);
CREATE TABLE IF NOT EXISTS sms_peer (
  peer BLOB PRIMARY KEY, texted INTEGER NOT NULL DEFAULT 0, wrote INTEGER NOT NULL DEFAULT 0, stopped_at_ms INTEGER,
  stopped_by TEXT) STRICT;
CREATE TABLE IF NOT EXISTS notification (id TEXT PRIMARY KEY, received_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS payment (
  position INTEGER PRIMARY KEY AUTOINCREMENT, quote_id TEXT NOT NULL UNIQUE, quoted_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('quoted', 'dropped', 'expired', 'confirmed', 'sending', 'sent', 'failed', 'unknown')),
  body BLOB NOT NULL) STRICT;
`;

/**
 * Opens the state database and takes the state folder for this process: the connection keeps SQLite's exclusive
 * lock until it is closed or the process dies, so there is no stale lock to judge by pid and start time.
 * Throws StateLockedError when another process has it.
 */
export function openDatabase(path: string): DatabaseSync {
  closeSync(openSync(path, "a", FILE_MODE));
  chmodSync(path, FILE_MODE);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON");
    database.exec("BEGIN IMMEDIATE");
    database.exec(SCHEMA);
    database.exec("COMMIT");
  } catch (error) {
    database.close();
    if (error instanceof Error && /database is locked/.test(error.message)) throw new StateLockedError();
    throw error;
  }
  return database;
}

/** Runs `work` in one transaction: all of it is durable when this returns, or none of it happened. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
