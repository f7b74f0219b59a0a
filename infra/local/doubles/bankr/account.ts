import { createHash, randomBytes } from "node:crypto";
import type { VirtualClock } from "../base/clock.ts";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";
import {
  type Job,
  JobSchema,
  type Key,
  KeySchema,
  type Permissions,
  SwapSchema,
  type Transaction,
  TransactionSchema,
  type Wallet,
  WalletSchema,
} from "./records.ts";
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from "./settings.ts";

export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
const randomId = (prefix: string): string => `${prefix}_${randomBytes(8).toString("hex")}`;

/** The one partner organisation behind the double: its wallets, their keys, money and jobs, its settings. */
export class Account {
  readonly #clock: VirtualClock;
  readonly #wallets: Collection<typeof WalletSchema>;
  readonly #keys: Collection<typeof KeySchema>;
  readonly #settings: Collection<typeof SettingsSchema>;
  readonly transactions: Collection<typeof TransactionSchema>;
  readonly swaps: Collection<typeof SwapSchema>;
  readonly jobs: Collection<typeof JobSchema>;

  constructor(store: RecordStore, clock: VirtualClock) {
    this.#clock = clock;
    this.#wallets = new Collection(store, "wallet", WalletSchema);
    this.#keys = new Collection(store, "key", KeySchema);
    this.#settings = new Collection(store, "settings", SettingsSchema);
    this.transactions = new Collection(store, "transaction", TransactionSchema);
    this.swaps = new Collection(store, "swap", SwapSchema);
    this.jobs = new Collection(store, "job", JobSchema);
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  get settings(): Settings {
    return this.#settings.get("account") ?? DEFAULT_SETTINGS;
  }

  changeSettings(change: Partial<Settings>): Settings {
    const settings = { ...this.settings, ...change };
    this.#settings.put("account", settings);
    return settings;
  }

  /** In order of creation. */
  wallets(): Wallet[] {
    return this.#wallets.values();
  }

  /** By id, or by address in any case. */
  wallet(identifier: string): Wallet | undefined {
    const address = identifier.toLowerCase();
    return this.wallets().find(
      ({ id, evmAddress }) => id === identifier || evmAddress.toLowerCase() === address,
    );
  }

  createWallet(idempotencyKey: string | null): Wallet {
    const wallet: Wallet = {
      id: randomId("wlt"),
      evmAddress: mixedCaseAddress(),
      idempotencyKey,
      createdAt: this.#clock.nowIso(),
      balances: {},
    };
    this.saveWallet(wallet);
    return wallet;
  }

  saveWallet(wallet: Wallet): void {
    this.#wallets.put(wallet.id, wallet);
  }

  keys(walletId?: string): Key[] {
    return this.#keys.values().filter((key) => walletId === undefined || key.walletId === walletId);
  }

  /** Makes a key. The secret is in the answer and nowhere else. */
  createKey(walletId: string, name: string | null, permissions: Permissions): { key: Key; secret: string } {
    const secret = `bk_usr_${randomBytes(24).toString("hex")}`;
    const key: Key = {
      ...{ keyId: randomId("key"), walletId, name, hash: hashOf(secret), isActive: true, permissions },
      createdAt: this.#clock.nowIso(),
    };
    this.saveKey(key);
    return { key, secret };
  }

  saveKey(key: Key): void {
    this.#keys.put(key.keyId, key);
  }

  /** The active key of a secret. */
  usableKey(secret: string): Key | undefined {
    const hash = hashOf(secret);
    return this.#keys.values().find((key) => key.hash === hash && key.isActive);
  }

  broadcast(transaction: Omit<Transaction, "hash" | "at">): Transaction {
    const sent = { ...transaction, hash: `0x${randomBytes(32).toString("hex")}`, at: this.#clock.nowIso() };
    this.transactions.put(sent.hash, sent);
    return sent;
  }

  createJob(job: Omit<Job, "jobId" | "createdMs" | "end">): Job {
    const made: Job = { ...job, jobId: randomId("job"), createdMs: this.nowMs, end: null };
    this.jobs.put(made.jobId, made);
    return made;
  }
}

/** Letters in both cases, as a checksummed address has them. */
function mixedCaseAddress(): string {
  const bytes = randomBytes(40);
  const hex = [...bytes].map((byte) => {
    const digit = (byte & 15).toString(16);
    return (byte & 16) === 0 ? digit : digit.toUpperCase();
  });
  // At least one letter of each case, so that a comparison by case fails every time.
  return `0xaA${hex.slice(2).join("")}`;
}
