import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../../../infra/testing/eventually.ts";
import { openDatabase } from "../state/database.ts";
import { createFacts } from "../state/facts.ts";
import { createOutbox, type Outbox } from "../state/outbox.ts";
import { createTurnLedger, TURN_WINDOW_MS, TURNS_PER_WINDOW, type TurnLedger } from "../state/turn-ledger.ts";
import { createVault, SALT_BYTES } from "../state/vault.ts";
import { SNIPPETS } from "./attention/testdata/snippets.ts";
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
let verdict: "act" | "silent" | "fails";
let judged: string[];
const PEOPLE = ["ada", "bob", "cleo"];

beforeEach(() => {
  verdict = "act";
  judged = [];
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
      conversationName: "Trip",
      agentName: "Walrus",
      instructions: "",
      members: [...PEOPLE, "us"].map((name) => ({ inboxId: name, name, isSelf: name === "us" })),
      agentInboxIds: new Set<string>(),
    }),
    judge: async ({ said }) => {
      judged.push(said.map(({ name, text }) => `${name}: ${text}`).join("\n"));
      if (verdict === "fails") throw new Error("the model is away");
      return verdict;
    },
    redact: (text) => text,
    markdown: false,
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
    ask("a question");
    for (let poll = 0; poll < 10; poll += 1) expect(await source.next(AbortSignal.abort())).toBeUndefined();
    expect(ledger.attempt(await nextTurnId())).toBe(2);
  });

  it("says only so much before its answer, each once, and no error", async () => {
    ask("a question");
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
      ledger.complete(ledger.beginTurn().turnId, () => undefined);
    }
    ask("one more");
    expect(ledger.waiting()).toEqual([]);
    vi.setSystemTime(Date.now() + TURN_WINDOW_MS);
    expect(ledger.waiting()).toHaveLength(1);
  });
});

describe("what is said in a room of several people", () => {
  const hear = (id: string, text: string, more: { from?: string; replyToId?: string } = {}) => {
    const { from: senderInboxId = "bob", ...rest } = more;
    ledger.take({ id, senderInboxId, text, sentAtMs: Date.now(), ...rest });
  };
  const taken = async () => {
    const turn = await source.next(AbortSignal.timeout(10_000));
    return turn?.messages.map(({ text }) => text);
  };
  /** What it shows instead of taking a turn. */
  const silence = async (): Promise<string> => {
    const over = new AbortController();
    const turn = source.next(over.signal);
    const entry = await eventually("what it shows", () => outbox.next());
    over.abort();
    expect(await turn).toBeUndefined();
    expect(takeSaid()).toEqual(["👀"]);
    return entry.entryId;
  };

  it.each(SNIPPETS.filter(({ decided }) => decided === "model"))(
    "$said is answered or not as the model decides",
    async ({ said }) => {
      for (const [index, line] of said.entries()) {
        const [who = "", text = ""] = line.split(/: (.*)/s);
        hear(`m${index}`, text, { from: who.toLowerCase() });
      }
      verdict = "silent";
      await silence();
      hear("again", said.at(-1)?.split(/: (.*)/s)[1] ?? "");
      verdict = "act";
      expect(await taken()).toHaveLength(said.length + 1);
      expect(judged).toHaveLength(2);
    },
  );

  it("and not for the agent gets eyes on its last message, and is in the agent's mind later", async () => {
    hear("m1", "lol");
    hear("m2", "haha");
    expect(await silence()).toBe("eyes:m2");
    hear("m3", "Walrus, what was so funny?", { from: "ada" });
    expect(await taken()).toEqual(["lol", "haha", "Walrus, what was so funny?"]);
    expect(judged).toEqual([]);
  });

  it("is not answered when the model cannot be asked", async () => {
    verdict = "fails";
    hear("m1", "book a table for four");
    await silence();
  });

  it("is for the agent when it answers what the agent has asked, or asks about what it has said", async () => {
    hear("m1", "walrus, book a table", { from: "ada" });
    await source.complete(await nextTurnId(), { text: "Sure. For how many?" });
    expect(takeSaid()).toEqual(["Sure. For how many?"]);
    hear("m2", "lol");
    await silence();
    hear("m3", "five of us", { from: "ada" });
    const turnId = await nextTurnId();
    await source.complete(turnId, { text: "Booked at eight. It's called Chez Max." });
    hear("m4", "is it far?");
    expect(await taken()).toEqual(["is it far?"]);
    expect(judged).toEqual([]);
  });

  it("is for the agent when it replies to one of its messages, and not when it replies to another's", async () => {
    outbox.queue("said", "Here is the plan.");
    outbox.attempted("said", "our-message");
    outbox.sent("said");
    hear("m1", "move it to nine", { replyToId: "her-message" });
    await silence();
    hear("m2", "move it to nine", { replyToId: "our-message" });
    expect(await taken()).toHaveLength(2);
    expect(judged).toEqual([]);
  });
});
