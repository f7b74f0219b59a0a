import { openDatabase } from "../../../server/state/database.ts";
import { createOutbox } from "../../../server/state/outbox.ts";
import { createPaymentStore } from "../../../server/state/payments.ts";
import { createVault } from "../../../server/state/vault.ts";
import { type BankrSkill, createBankrSkill, quoteEntryId, quoteIdOf } from "../index.ts";
import type { TransferLimits } from "../limits.ts";
import type { PaymentStore } from "../payment.ts";

export interface TestAgentOptions {
  baseUrl: string;
  key: string;
  /** Path of the state database. */
  database: string;
  limits?: Partial<TransferLimits>;
  looksAfterMs?: readonly number[];
  transferTimeoutMs?: number;
  nowMs?: () => number;
}

/** The skill on a real state database and outbox. */
export interface TestAgent {
  skill: BankrSkill;
  store: PaymentStore;
  events: string[];
  /** Every text that was queued, by its entry id, in order. */
  said(): ReadonlyMap<string, string>;
  quoteIds(): readonly string[];
  /** The state database is taken away in the middle of things. */
  crash(): void;
  close(): Promise<void>;
}

const STATE_KEY = "5".repeat(64);
const SALT = new Uint8Array(32).fill(7);

export function openTestAgent(options: TestAgentOptions): TestAgent {
  const { baseUrl, key, limits, nowMs, looksAfterMs = [3_600_000], transferTimeoutMs } = options;
  const database = openDatabase(options.database);
  const vault = createVault(STATE_KEY, SALT);
  const outbox = createOutbox(database, vault);
  const store = createPaymentStore(database, vault);
  const texts = new Map<string, string>();
  const events: string[] = [];
  const queue = (entryId: string, text: string): void => {
    if (outbox.queue(entryId, { kind: "text", text, isMarkdown: false })) texts.set(entryId, text);
  };
  const skill = createBankrSkill({
    wallet: async () => ({ baseUrl, headers: { "x-api-key": key } }),
    store,
    post: (quoteId, text) => queue(quoteEntryId(quoteId), text),
    tell: queue,
    log: (event) => events.push(event),
    looksAfterMs,
    ...(limits === undefined ? {} : { limits }),
    ...(nowMs === undefined ? {} : { nowMs }),
    ...(transferTimeoutMs === undefined ? {} : { transferTimeoutMs }),
  });
  return {
    skill,
    store,
    events,
    said: () => texts,
    quoteIds: () => [...texts.keys()].flatMap((entryId) => quoteIdOf(entryId) ?? []),
    crash: () => {
      if (database.isOpen) database.close();
    },
    close: async () => {
      await skill.close();
      if (database.isOpen) database.close();
    },
  };
}
