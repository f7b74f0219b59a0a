import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClaimStore } from "./claim-record.ts";
import { openDatabase, StateLockedError } from "./database.ts";
import { createFacts } from "./facts.ts";
import { openIdentityFile } from "./identity-file.ts";
import { createOutbox } from "./outbox.ts";
import { prepareStateDir, type StatePaths, statePaths } from "./paths.ts";
import { createReportQueue } from "./report-queue.ts";
import type { Saying } from "./saying.ts";
import { readTombstone, writeTombstone } from "./tombstone.ts";
import {
  createTurnLedger,
  type OpenTurn,
  SHELF_MAX_MESSAGES,
  type StoredMessage,
  TURN_MAX_BYTES,
  TURN_MAX_MESSAGES,
  type TurnLedger,
  WAITING_MAX_MESSAGES,
} from "./turn-ledger.ts";
import { createVault, SALT_BYTES, SealError, type Vault } from "./vault.ts";
import { wipe } from "./wipe.ts";

const STATE_KEY = randomBytes(32).toString("hex");
let paths: StatePaths;
let database: DatabaseSync;
let vault: Vault;

beforeEach(() => {
  paths = statePaths(join(mkdtempSync(join(tmpdir(), "agent-state-")), "state"));
  prepareStateDir(paths, false);
  database = openDatabase(paths.database);
  vault = createVault(STATE_KEY, randomBytes(SALT_BYTES));
});
afterEach(() => {
  if (database.isOpen) database.close();
  rmSync(join(paths.root, ".."), { recursive: true, force: true });
});

const reopen = (): DatabaseSync => {
  database.close();
  database = openDatabase(paths.database);
  return database;
};
const message = (id: string, text: string, sentAtMs = 1): StoredMessage => ({
  id,
  senderInboxId: "ada",
  text,
  sentAtMs,
});

describe("the vault", () => {
  it("opens what it sealed for the same purpose, with the same key and salt, unchanged", () => {
    const sealed = vault.sealText("claim", "walruses");
    expect(vault.openText("claim", sealed)).toBe("walruses");
    expect(vault.sealText("claim", "walruses").equals(sealed)).toBe(false);
    expect(sealed.includes("walruses")).toBe(false);
    expect(() => vault.openText("outbox", sealed)).toThrow(SealError);
    expect(() => createVault(STATE_KEY, randomBytes(SALT_BYTES)).open("claim", sealed)).toThrow(SealError);
    for (const index of [0, 1, 20, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => vault.open("claim", changed)).toThrow(SealError);
    }
    expect(() => vault.open("claim", sealed.subarray(0, 10))).toThrow(SealError);
    expect(() => createVault("abcd", randomBytes(SALT_BYTES))).toThrow(SealError);
  });
});

describe("the identity file", () => {
  it("keeps its keys sealed, and its conversation", () => {
    const first = openIdentityFile(paths.identity, STATE_KEY);
    const { main, join: joiner, conversationId } = first.identities;
    expect(conversationId).toBeNull();
    expect(main.privateKey).not.toBe(joiner.privateKey);
    first.setConversation("ab".repeat(16));
    const again = openIdentityFile(paths.identity, STATE_KEY);
    expect(again.identities).toEqual({ main, join: joiner, conversationId: "ab".repeat(16) });
    expect(again.vault.deriveKey("xmtp-main")).toEqual(first.vault.deriveKey("xmtp-main"));
    const bytes = readFileSync(paths.identity, "utf8");
    for (const text of [main.privateKey.slice(2), STATE_KEY, "ab".repeat(16)])
      expect(bytes).not.toContain(text);
    expect(statSync(paths.identity).mode & 0o777).toBe(0o600);
    expect(() => openIdentityFile(paths.identity, randomBytes(32).toString("hex"))).toThrow(SealError);
    writeFileSync(paths.identity, "{}");
    expect(() => openIdentityFile(paths.identity, STATE_KEY)).toThrow("malformed");
  });
});

describe("the state database", () => {
  it("is one process's at a time", () => {
    expect(() => openDatabase(paths.database)).toThrow(StateLockedError);
    expect(() => reopen()).not.toThrow();
  });

  it("takes one claim, ever", () => {
    const claim = createClaimStore(database, vault);
    expect(claim.read()).toBeUndefined();
    const record = {
      claimId: "c1",
      content: { instructions: "secret plan", agentName: "Walrus", metadata: { a: "b" } },
      outcome: "pending" as const,
      conversationId: null,
      inviteUrl: null,
    };
    claim.insert(record);
    expect(() => claim.insert({ ...record, claimId: "c2" })).toThrow("UNIQUE");
    claim.settle("joined", "g1");
    const stored = createClaimStore(reopen(), vault).read();
    expect(stored).toEqual({ ...record, outcome: "joined", conversationId: "g1" });
    for (const entry of readdirSync(paths.root, { recursive: true, withFileTypes: true }))
      if (entry.isFile())
        expect(readFileSync(join(entry.parentPath, entry.name)).includes("secret plan"), entry.name).toBe(
          false,
        );
  });

  it("keeps facts until they are cleared", () => {
    createFacts(database).set("owner", "ada");
    const facts = createFacts(reopen());
    expect(facts.get("owner")).toBe("ada");
    facts.clear("owner");
    expect(facts.get("owner")).toBeUndefined();
  });
});

/** The open turn, or one begun of what waits. */
const begun = (ledger: TurnLedger): OpenTurn | undefined =>
  ledger.openTurn() ?? (ledger.waiting().length > 0 ? ledger.beginTurn() : undefined);

describe("the turn ledger", () => {
  it("makes one turn of what waits, offers it until it is completed, and takes a message once", () => {
    let ledger = createTurnLedger(database, vault);
    expect(ledger.openTurn()).toBeUndefined();
    expect(ledger.take(message("m2", "two", 2))).toBe(true);
    expect(ledger.take(message("m1", "one", 1))).toBe(true);
    expect(ledger.take(message("m1", "one", 1))).toBe(false);
    ledger.note("m0", 0);
    expect(ledger.knows("m0")).toBe(true);
    const turn = begun(ledger);
    expect(turn?.messages.map(({ text }) => text)).toEqual(["one", "two"]);
    ledger.take(message("m3", "three", 3));
    ledger = createTurnLedger(reopen(), vault);
    expect(ledger.openTurn()).toEqual(turn);

    const turnId = turn?.turnId ?? "";
    let answers = 0;
    const answer = (): void => {
      answers += 1;
    };
    expect(ledger.complete(turnId, answer)).toBe(true);
    expect(ledger.complete(turnId, answer)).toBe(false);
    expect(ledger.complete("unknown", answer)).toBe(false);
    expect(answers).toBe(1);
    expect(ledger.take(message("m1", "one", 1))).toBe(false);
    expect(begun(ledger)?.messages.map(({ text }) => text)).toEqual(["three"]);
  });

  it("does not close a turn whose answer could not be queued", () => {
    const ledger = createTurnLedger(database, vault);
    ledger.take(message("m1", "one"));
    const turn = begun(ledger);
    const fail = (): void => {
      throw new Error("full");
    };
    expect(() => ledger.complete(turn?.turnId ?? "", fail)).toThrow("full");
    expect(ledger.openTurn()).toEqual(turn);
  });

  it("bounds the text of a turn, but never leaves a single message out", () => {
    const ledger = createTurnLedger(database, vault);
    ledger.take(message("big", "b".repeat(TURN_MAX_BYTES), 1));
    ledger.take(message("m1", "s".repeat(TURN_MAX_BYTES / 2), 2));
    ledger.take(message("m2", "s".repeat(TURN_MAX_BYTES / 2), 3));
    const taken: string[][] = [];
    for (let turn = begun(ledger); turn !== undefined; turn = begun(ledger)) {
      taken.push(turn.messages.map(({ id }) => id));
      ledger.complete(turn.turnId, () => undefined);
    }
    expect(taken).toEqual([["big"], ["m1"], ["m2"]]);
  });

  it("leaves what is too much for one turn to the next", () => {
    const ledger = createTurnLedger(database, vault);
    for (let index = 0; index < TURN_MAX_MESSAGES + 5; index += 1)
      ledger.take(message(`m${index}`, "x", index));
    const turn = begun(ledger);
    expect(turn?.messages).toHaveLength(TURN_MAX_MESSAGES);
    ledger.complete(turn?.turnId ?? "", () => undefined);
    expect(begun(ledger)?.messages.map(({ id }) => id)).toEqual(["m100", "m101", "m102", "m103", "m104"]);
  });
});

describe("what was heard and not answered", () => {
  const textsOf = (turn: OpenTurn | undefined) => turn?.messages.map(({ text }) => text);

  it("is read with the next turn, over a restart, and once", () => {
    let ledger = createTurnLedger(database, vault);
    ledger.take(message("m1", "one", 1));
    ledger.take(message("m2", "two", 2));
    let worked = 0;
    ledger.shelve(["m1", "m2"], () => {
      worked += 1;
    });
    expect(worked).toBe(1);
    expect(ledger.waiting()).toEqual([]);
    ledger = createTurnLedger(reopen(), vault);
    ledger.take(message("m3", "three", 3));
    const turn = begun(ledger);
    expect(textsOf(turn)).toEqual(["one", "two", "three"]);
    ledger.complete(turn?.turnId ?? "", () => undefined);
    ledger.take(message("m4", "four", 4));
    expect(textsOf(begun(ledger))).toEqual(["four"]);
    expect(ledger.take(message("m1", "one", 1))).toBe(false);
  });

  it("is kept as far as there is room, the newest first", () => {
    const ledger = createTurnLedger(database, vault);
    for (let index = 0; index < SHELF_MAX_MESSAGES + 5; index += 1) {
      ledger.take(message(`m${index}`, `text ${index}`, index));
      ledger.shelve([`m${index}`], () => undefined);
    }
    ledger.take(message("asked", "asked", 1_000));
    const turn = begun(ledger);
    expect(turn?.messages).toHaveLength(SHELF_MAX_MESSAGES + 1);
    expect(textsOf(turn)?.at(0)).toBe("text 5");
    const gone = database.prepare("SELECT count(*) AS texts FROM inbound WHERE message IS NOT NULL").get();
    expect(gone?.texts).toBe(SHELF_MAX_MESSAGES + 1);
  });
});

describe("a flood", () => {
  it("is remembered and answered up to the limit", () => {
    const ledger = createTurnLedger(database, vault);
    database.exec("BEGIN");
    for (let index = 0; index < WAITING_MAX_MESSAGES; index += 1)
      ledger.take(message(`m${index}`, "x", index));
    expect(ledger.take(message("one-more", "x"))).toBe(false);
    database.exec("COMMIT");
    expect(ledger.knows("one-more")).toBe(true);
    expect(ledger.take(message("one-more", "x"))).toBe(false);
  });
});

describe("the outbox", () => {
  it("keeps order, takes an entry once, and forgets the words of what is sent", () => {
    let outbox = createOutbox(database, vault);
    const text = (words: string): Saying => ({ kind: "text", text: words, isMarkdown: false });
    expect(outbox.queue("a", text("first"))).toBe(true);
    expect(outbox.queue("b", text("second"))).toBe(true);
    expect(outbox.queue("a", text("again"))).toBe(false);
    outbox.attempted("a", "id-a");
    outbox = createOutbox(reopen(), vault);
    expect(outbox.next()).toEqual({
      entryId: "a",
      saying: text("first"),
      messageIds: ["id-a"],
      attempts: 1,
    });
    outbox.sent("a");
    expect(outbox.queue("a", text("again"))).toBe(false);
    expect(outbox.next()?.saying).toEqual(text("second"));
    outbox.sent("b");
    expect(outbox.next()).toBeUndefined();
    expect(database.prepare("SELECT count(*) AS n FROM outbox WHERE body IS NOT NULL").get()).toEqual({
      n: 0,
    });
  });
});

describe("the report queue", () => {
  const joined = { kind: "joined", claimId: "c", conversationId: "g" } as const;
  const idle = { kind: "idle", inboxId: "i", conversationId: "g" } as const;

  it("numbers reports within an epoch, and keeps a number over restarts", () => {
    const queue = createReportQueue(database, 1);
    queue.add(idle);
    queue.add(idle);
    queue.add(joined);
    const first = queue.next();
    expect(first?.event).toEqual({ ...idle, epoch: 1, sequence: 1 });
    expect(queue.next()).toEqual(first);
    queue.accepted(first?.position ?? 0);
    expect(queue.next()?.event).toEqual({ ...joined, epoch: 1, sequence: 2 });
    expect(createReportQueue(reopen(), 1).next()?.event).toEqual({ ...joined, epoch: 1, sequence: 2 });
    expect(createReportQueue(reopen(), 2).next()?.event).toEqual({ ...joined, epoch: 2, sequence: 1 });
  });

  it("does not repeat a former process's condition", () => {
    createReportQueue(database, 1).add(idle);
    createReportQueue(database, 1).add({ kind: "fault", part: "brain", code: "given-up" });
    expect(createReportQueue(reopen(), 1).next()).toBeUndefined();
  });
});

describe("the wipe", () => {
  it("leaves the tombstone and nothing else, and may be repeated", () => {
    openIdentityFile(paths.identity, STATE_KEY);
    writeFileSync(join(paths.root, "surplus"), "x");
    const tombstone = {
      reason: "expiry",
      startedAt: new Date().toISOString(),
      epoch: 3,
      sequence: 7,
    } as const;
    expect(readTombstone(paths.tombstone)).toBeUndefined();
    writeTombstone(paths.tombstone, tombstone);
    database.close();
    wipe(paths);
    wipe(paths);
    expect(readdirSync(paths.root)).toEqual(["tombstone.json"]);
    expect(readTombstone(paths.tombstone)).toEqual(tombstone);
    writeFileSync(paths.tombstone, "{}");
    expect(() => readTombstone(paths.tombstone)).toThrow("malformed");
    rmSync(paths.root, { recursive: true });
    wipe(paths);
    expect(existsSync(paths.root)).toBe(false);
  });
});
