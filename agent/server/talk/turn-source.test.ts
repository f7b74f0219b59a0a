import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDatabase } from "../state/database.ts";
import { createFacts } from "../state/facts.ts";
import { createOutbox, type Outbox } from "../state/outbox.ts";
import { createTurnLedger, TURN_WINDOW_MS, TURNS_PER_WINDOW, type TurnLedger } from "../state/turn-ledger.ts";
import { createVault, SALT_BYTES } from "../state/vault.ts";
import { APOLOGY, MESSAGE_MAX_CHARS } from "./outbound-policy.ts";
import {
  type AgentTurnSource,
  createTurnSource,
  INTERIM_MAX_MESSAGES,
  TURN_MAX_ATTEMPTS,
} from "./turn-source.ts";

let folder: string;
let database: DatabaseSync;
let ledger: TurnLedger;
let outbox: Outbox;
let source: AgentTurnSource;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "turn-source-"));
  database = openDatabase(join(folder, "agent.db"));
  const vault = createVault(randomBytes(32).toString("hex"), randomBytes(SALT_BYTES));
  ledger = createTurnLedger(database, vault);
  outbox = createOutbox(database, vault);
  source = createTurnSource({
    ledger,
    outbox,
    facts: createFacts(database),
    isServing: () => true,
    context: async () => ({
      conversationId: "c",
      agentName: "Walrus",
      instructions: "",
      members: [],
      agentInboxIds: new Set<string>(),
    }),
    redact: (text) => text,
    outOfCredit: () => false,
    onQueued: () => undefined,
    log: () => undefined,
  });
});
afterEach(() => {
  vi.useRealTimers();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (id: string): boolean =>
  ledger.take({ id, senderInboxId: "ada", text: id, sentAtMs: Date.now() });
const nextTurnId = async (): Promise<string> => {
  const turn = await source.next(AbortSignal.timeout(5_000));
  if (turn === undefined) throw new Error("no turn");
  return turn.turnId;
};

function takeSaid(): string[] {
  const said: string[] = [];
  for (let entry = outbox.next(); entry !== undefined; entry = outbox.next()) {
    said.push(entry.text);
    outbox.sent(entry.entryId);
  }
  return said;
}

describe("a turn", () => {
  it("that no gateway brings to its end is given up with one apology", async () => {
    ask("poison");
    const turnId = await nextTurnId();
    for (let attempt = 2; attempt <= TURN_MAX_ATTEMPTS; attempt += 1) expect(await nextTurnId()).toBe(turnId);
    ask("next");
    expect(await nextTurnId()).not.toBe(turnId);
    expect(takeSaid()).toEqual([APOLOGY]);
  });

  it("is not counted as tried when nobody takes it any more", async () => {
    ask("hello");
    for (let poll = 0; poll < 10; poll += 1) expect(await source.next(AbortSignal.abort())).toBeUndefined();
    expect(ledger.attempt(await nextTurnId())).toBe(2);
  });

  it("says only so much before its answer, each once, and no error", async () => {
    ask("hello");
    const turnId = await nextTurnId();
    await source.send(turnId, "error", "Error: 429 Too Many Requests");
    expect(takeSaid()).toEqual([]);
    await source.send(turnId, "long", "x".repeat(3 * MESSAGE_MAX_CHARS));
    for (let count = 0; count < 20; count += 1) {
      await source.send(turnId, "again", "the same");
      await source.send(turnId, `key ${count}`, `message ${count}`);
    }
    expect(takeSaid()).toHaveLength(INTERIM_MAX_MESSAGES);
    await source.complete(turnId, { text: "done" });
    await source.send(turnId, "late", "late");
    expect(takeSaid()).toEqual(["done"]);
  });

  it("waits when too many were begun in the last minutes", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    for (let turn = 0; turn < TURNS_PER_WINDOW; turn += 1) {
      ask(`message ${turn}`);
      ledger.complete(ledger.openTurn()?.turnId ?? "", () => undefined);
    }
    ask("one more");
    expect(ledger.openTurn()).toBeUndefined();
    vi.setSystemTime(Date.now() + TURN_WINDOW_MS);
    expect(ledger.openTurn()?.messages).toHaveLength(1);
  });
});
