import { createHash, randomBytes } from "node:crypto";
import Type from "typebox";
import type { VirtualClock } from "../base/clock.ts";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";
import { isExpired, type KeyRecord, KeyRecordSchema } from "./key-record.ts";
import { addUsd, charge, EMPTY_METER, post } from "./metering.ts";
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from "./settings.ts";

/** The one OpenRouter account behind the double: its keys, its money, its settings. */
export class Account {
  readonly #clock: VirtualClock;
  readonly #keys: Collection<typeof KeyRecordSchema>;
  readonly #settings: Collection<typeof SettingsSchema>;
  readonly #spentUsd: Collection<ReturnType<typeof Type.Number>>;

  constructor(store: RecordStore, clock: VirtualClock) {
    this.#clock = clock;
    this.#keys = new Collection(store, "key", KeyRecordSchema);
    this.#settings = new Collection(store, "settings", SettingsSchema);
    this.#spentUsd = new Collection(store, "spentUsd", Type.Number());
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

  get spentUsd(): number {
    return this.#spentUsd.get("account") ?? 0;
  }

  get balanceUsd(): number {
    return addUsd(this.settings.totalCreditsUsd, -this.spentUsd);
  }

  /** Creates a key. The secret is in the answer and nowhere else. */
  createKey(
    wanted: Pick<
      KeyRecord,
      | "name"
      | "limit"
      | "limit_reset"
      | "include_byok_in_limit"
      | "expires_at"
      | "creator_user_id"
      | "workspace_id"
    >,
  ): { key: KeyRecord; secret: string } {
    const secret = `sk-or-v1-${randomBytes(32).toString("hex")}`;
    const key: KeyRecord = {
      ...wanted,
      hash: hashOf(secret),
      label: `${secret.slice(0, 12)}...${secret.slice(-3)}`,
      disabled: false,
      created_at: this.#clock.nowIso(),
      updated_at: null,
      meter: EMPTY_METER,
    };
    this.#keys.put(key.hash, key);
    return { key, secret };
  }

  /** A key with what is visible of its spending now. */
  key(hash: string): KeyRecord | undefined {
    const key = this.#keys.get(hash);
    return key && this.#posted(key);
  }

  /** In order of creation. */
  keys(): KeyRecord[] {
    return this.#keys.values().map((key) => this.#posted(key));
  }

  changeKey(key: KeyRecord, change: Partial<KeyRecord>): KeyRecord {
    const changed = { ...key, ...change, updated_at: this.#clock.nowIso() };
    this.#keys.put(key.hash, changed);
    return changed;
  }

  removeKey(hash: string): void {
    this.#keys.remove(hash);
  }

  /** The key of a secret, when it may be used now: known, enabled, not expired. */
  usableKey(secret: string): KeyRecord | undefined {
    const key = this.key(hashOf(secret));
    return key && !key.disabled && !isExpired(key, this.nowMs) ? key : undefined;
  }

  bill(key: KeyRecord, usd: number): void {
    const nowMs = this.nowMs;
    const meter = post(charge(key.meter, usd, nowMs), nowMs, this.settings.usageLagMs);
    this.#keys.put(key.hash, { ...key, meter });
    this.#spentUsd.put("account", addUsd(this.spentUsd, usd));
  }

  #posted(key: KeyRecord): KeyRecord {
    return { ...key, meter: post(key.meter, this.nowMs, this.settings.usageLagMs) };
  }
}

export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
