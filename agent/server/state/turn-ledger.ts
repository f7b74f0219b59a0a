import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { Usage } from "../model-proxy/meter.ts";
import { transaction } from "./database.ts";
import type { Vault } from "./vault.ts";

const PURPOSE = "inbound";
/** What was heard and not answered stays, as context of the next turn, up to this much of the newest. */
export const SHELF_MAX_MESSAGES = 20;
export const SHELF_MAX_BYTES = 16 * 1024;
/** The turn that shelved messages are kept under; it is never run. */
const SHELF = "shelf";
/** More than this waits for the following turn. */
export const TURN_MAX_MESSAGES = 100;
export const TURN_MAX_BYTES = 64 * 1024;

const StoredMessage = Type.Object({
  id: Type.String(),
  senderInboxId: Type.String(),
  text: Type.String(),
  sentAtMs: Type.Number(),
  replyToId: Type.Optional(Type.String()),
  /** What it brought besides its text; the files themselves stay in the conversation. */
  fileNames: Type.Optional(Type.Array(Type.String())),
  /** It is an emoji that was put on the message `replyToId`. */
  reaction: Type.Optional(Type.String()),
});
/** Of a flood, this many wait for an answer; what comes beyond is remembered and not answered. */
export const WAITING_MAX_MESSAGES = 1_000;
/** No more turns than this are begun in this time: whatever keeps asking, the rest waits. */
export const TURNS_PER_WINDOW = 60;
export const TURN_WINDOW_MS = 10 * 60_000;

const MICRO = 1_000_000;

/** A person's message as it waits for an answer. */
export type StoredMessage = Static<typeof StoredMessage>;

export interface OpenTurn {
  turnId: string;
  messages: readonly StoredMessage[];
  /** The model has been allowed to act on the world in it: it must not be run again. */
  hasActed: boolean;
}

/**
 * What came in and what has been done about it. A message id is taken once, ever; a turn stays open until it is
 * completed, over any number of restarts, and its messages' text is cleared then.
 */
export interface TurnLedger {
  /** False when the message was known or too many wait already. */
  take(message: StoredMessage): boolean;
  /** Remembers a message that has been dealt with and needs no answer. */
  note(messageId: string, sentAtMs: number): void;
  knows(messageId: string): boolean;
  /** The turn that was begun and not completed. */
  openTurn(): OpenTurn | undefined;
  /** What waits for a turn, as much as one takes; none when too many turns were begun lately. */
  waiting(): readonly StoredMessage[];
  /** Begins a turn of what waits, after what was shelved before. None may be open. */
  beginTurn(): OpenTurn;
  /** Puts waiting messages aside, to be read with the next turn; runs `work` in the same transaction. */
  shelve(messageIds: readonly string[], work: () => void): void;
  /** Counts that an open turn is given out to be run, and says for which time that is. */
  attempt(turnId: string): number;
  /** Notes in the open turn, if there is one, that what the model does from here on cannot be taken back. */
  noteAction(): void;
  /** Adds what the model has cost to the open turn, if there is one; never what was said. */
  noteUsage(usage: Usage): void;
  /** What the model has cost in the turns so far. */
  costs(): TurnCosts;
  /** Ends an open turn that is not to be run; its messages need no answer. It counts among those begun lately. */
  discard(turnId: string): void;
  /** Runs `work` in one transaction. False when the turn is not open. */
  whileOpen(turnId: string, work: () => void): boolean;
  /** Runs `answer` (which queues what to say) and closes the turn in one transaction. False when not open. */
  complete(turnId: string, answer: () => void): boolean;
}

export interface TurnCosts {
  turns: number;
  totalUsd: number;
  /** Of the latest turn that is done. */
  lastUsd: number;
}

export function createTurnLedger(database: DatabaseSync, vault: Vault): TurnLedger {
  const insert = database.prepare(
    "INSERT INTO inbound (message_id, sent_at_ms, message) VALUES (?, ?, ?) ON CONFLICT (message_id) DO NOTHING",
  );
  const known = database.prepare("SELECT 1 FROM inbound WHERE message_id = ?");
  const countWaiting = database.prepare(
    "SELECT count(*) AS waiting FROM inbound WHERE turn_id IS NULL AND message IS NOT NULL",
  );
  const selectOpen = database.prepare("SELECT turn_id, acted FROM turn WHERE state = 'open'");
  const selectTurn = database.prepare("SELECT 1 FROM turn WHERE turn_id = ? AND state = 'open'");
  const nextBatch = `SELECT position FROM (
      SELECT position, row_number() OVER waiting AS place, sum(length(message)) OVER waiting AS bytes
      FROM inbound WHERE turn_id IS NULL AND message IS NOT NULL
      WINDOW waiting AS (ORDER BY sent_at_ms, position))
    WHERE place = 1 OR (place <= ${TURN_MAX_MESSAGES} AND bytes <= ${TURN_MAX_BYTES})`;
  const selectBatch = database.prepare(
    `SELECT message FROM inbound WHERE position IN (${nextBatch}) ORDER BY sent_at_ms, position`,
  );
  const insertTurn = database.prepare("INSERT INTO turn (turn_id, state, opened_at) VALUES (?, 'open', ?)");
  const assign = database.prepare(`UPDATE inbound SET turn_id = ? WHERE position IN (${nextBatch})`);
  database.exec(
    `INSERT INTO turn (turn_id, state, opened_at) VALUES ('${SHELF}', 'done', 0) ON CONFLICT (turn_id) DO NOTHING`,
  );
  const shelveOne = database.prepare(
    `UPDATE inbound SET turn_id = '${SHELF}' WHERE message_id = ? AND turn_id IS NULL AND message IS NOT NULL`,
  );
  const trimShelf = database.prepare(
    `UPDATE inbound SET message = NULL, turn_id = NULL WHERE turn_id = '${SHELF}' AND position NOT IN (
       SELECT position FROM (
         SELECT position, row_number() OVER newest AS place, sum(length(message)) OVER newest AS bytes
         FROM inbound WHERE turn_id = '${SHELF}' WINDOW newest AS (ORDER BY sent_at_ms DESC, position DESC))
       WHERE place <= ${SHELF_MAX_MESSAGES} AND bytes <= ${SHELF_MAX_BYTES})`,
  );
  const takeShelf = database.prepare(`UPDATE inbound SET turn_id = ? WHERE turn_id = '${SHELF}'`);
  const ofTurn = database.prepare(
    "SELECT message FROM inbound WHERE turn_id = ? ORDER BY sent_at_ms, position",
  );
  const raise = database.prepare(
    "UPDATE turn SET attempts = attempts + 1 WHERE turn_id = ? RETURNING attempts",
  );
  const act = database.prepare("UPDATE turn SET acted = 1 WHERE state = 'open' AND acted = 0");
  const addUsage = database.prepare(
    `INSERT INTO turn_cost (turn_id, micro_usd, prompt_tokens, completion_tokens)
     SELECT turn_id, ?, ?, ? FROM turn WHERE state = 'open'
     ON CONFLICT (turn_id) DO UPDATE SET micro_usd = micro_usd + excluded.micro_usd,
       prompt_tokens = prompt_tokens + excluded.prompt_tokens,
       completion_tokens = completion_tokens + excluded.completion_tokens`,
  );
  const sumCosts = database.prepare(
    "SELECT count(*) AS turns, coalesce(sum(micro_usd), 0) AS total FROM turn_cost",
  );
  const lastCost = database.prepare(
    `SELECT micro_usd FROM turn_cost JOIN turn USING (turn_id) WHERE state = 'done'
     ORDER BY opened_at DESC, turn_cost.rowid DESC LIMIT 1`,
  );
  const countRecent = database.prepare("SELECT count(*) AS turns FROM turn WHERE opened_at > ?");
  const release = database.prepare("UPDATE inbound SET message = NULL, turn_id = NULL WHERE turn_id = ?");
  const close = database.prepare("UPDATE turn SET state = 'done' WHERE turn_id = ? AND state = 'open'");
  const clear = database.prepare("UPDATE inbound SET message = NULL WHERE turn_id = ?");

  const read = ({ message }: Record<string, unknown>): StoredMessage => {
    if (!(message instanceof Uint8Array)) throw new TypeError("a message of an open turn has no text");
    return Value.Parse(StoredMessage, JSON.parse(vault.openText(PURPOSE, message)));
  };
  const load = (turnId: string, hasActed: boolean): OpenTurn => ({
    turnId,
    messages: ofTurn.all(turnId).map(read),
    hasActed,
  });
  return {
    take: (message) => {
      // The same message comes by the stream and by each look at the past: it is sealed once.
      if (known.get(message.id) !== undefined) return false;
      const hasRoom = Number(countWaiting.get()?.waiting) < WAITING_MAX_MESSAGES;
      const sealed = hasRoom ? vault.sealText(PURPOSE, JSON.stringify(message)) : null;
      return insert.run(message.id, Math.trunc(message.sentAtMs), sealed).changes > 0 && hasRoom;
    },
    note: (messageId, sentAtMs) => void insert.run(messageId, Math.trunc(sentAtMs), null),
    knows: (messageId) => known.get(messageId) !== undefined,
    openTurn: () => {
      const open = selectOpen.get();
      return typeof open?.turn_id === "string" ? load(open.turn_id, open.acted === 1) : undefined;
    },
    waiting: () =>
      Number(countRecent.get(Date.now() - TURN_WINDOW_MS)?.turns) >= TURNS_PER_WINDOW
        ? []
        : selectBatch.all().map(read),
    beginTurn: () => {
      const turnId = randomUUID();
      transaction(database, () => {
        insertTurn.run(turnId, Date.now());
        takeShelf.run(turnId);
        assign.run(turnId);
      });
      return load(turnId, false);
    },
    shelve: (messageIds, work) =>
      transaction(database, () => {
        for (const id of messageIds) shelveOne.run(id);
        trimShelf.run();
        work();
      }),
    attempt: (turnId) => Number(raise.get(turnId)?.attempts),
    noteAction: () => void act.run(),
    noteUsage: ({ costUsd, promptTokens, completionTokens }) =>
      void addUsage.run(Math.round(costUsd * MICRO), Math.round(promptTokens), Math.round(completionTokens)),
    costs: () => {
      const { turns, total } = { turns: 0, total: 0, ...sumCosts.get() };
      const last = lastCost.get()?.micro_usd;
      return { turns: Number(turns), totalUsd: Number(total) / MICRO, lastUsd: Number(last ?? 0) / MICRO };
    },
    discard: (turnId) =>
      transaction(database, () => {
        release.run(turnId);
        close.run(turnId);
      }),
    whileOpen: (turnId, work) =>
      transaction(database, () => {
        if (selectTurn.get(turnId) === undefined) return false;
        work();
        return true;
      }),
    complete: (turnId, answer) =>
      transaction(database, () => {
        if (close.run(turnId).changes === 0) return false;
        clear.run(turnId);
        answer();
        return true;
      }),
  };
}
