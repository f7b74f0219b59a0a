import Type from "typebox";
import type { VirtualClock } from "../base/clock.ts";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";
import {
  MessageRecordSchema,
  NumberRecordSchema,
  OptOutSchema,
  OrderRecordSchema,
  ProfileRecordSchema,
} from "./records.ts";
import { DEFAULT_SETTINGS, type Settings, SettingsSchema } from "./settings.ts";

const CountersSchema = Type.Object({
  spentUsd: Type.Number(),
  numbersBought: Type.Integer(),
  numbersReleased: Type.Integer(),
});
type Counters = ReturnType<Collection<typeof CountersSchema>["values"]>[number];
const NO_COUNTERS: Counters = { spentUsd: 0, numbersBought: 0, numbersReleased: 0 };

/** The one Telnyx account behind the double: what it has, its money, its settings. */
export class Account {
  readonly clock: VirtualClock;
  readonly numbers: Collection<typeof NumberRecordSchema>;
  readonly orders: Collection<typeof OrderRecordSchema>;
  readonly profiles: Collection<typeof ProfileRecordSchema>;
  readonly messages: Collection<typeof MessageRecordSchema>;
  readonly optOuts: Collection<typeof OptOutSchema>;
  /** When a number was last offered, by number. */
  readonly offers: Collection<ReturnType<typeof Type.Number>>;
  /** When a number was released, by number. */
  readonly released: Collection<ReturnType<typeof Type.Number>>;
  readonly #settings: Collection<typeof SettingsSchema>;
  readonly #counters: Collection<typeof CountersSchema>;

  constructor(store: RecordStore, clock: VirtualClock) {
    this.clock = clock;
    this.numbers = new Collection(store, "number", NumberRecordSchema);
    this.orders = new Collection(store, "order", OrderRecordSchema);
    this.profiles = new Collection(store, "profile", ProfileRecordSchema);
    this.messages = new Collection(store, "message", MessageRecordSchema);
    this.optOuts = new Collection(store, "optOut", OptOutSchema);
    this.offers = new Collection(store, "offer", Type.Number());
    this.released = new Collection(store, "released", Type.Number());
    this.#settings = new Collection(store, "settings", SettingsSchema);
    this.#counters = new Collection(store, "counters", CountersSchema);
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  get settings(): Settings {
    return this.#settings.get("account") ?? DEFAULT_SETTINGS;
  }

  changeSettings(change: Partial<Settings>): Settings {
    const settings = { ...this.settings, ...change };
    this.#settings.put("account", settings);
    return settings;
  }

  get counters(): Counters {
    return this.#counters.get("account") ?? NO_COUNTERS;
  }

  count(change: Partial<Counters>): void {
    const now = this.counters;
    this.#counters.put("account", {
      // Whole hundredths of a cent: sums of floating dollars drift.
      spentUsd: Math.round((now.spentUsd + (change.spentUsd ?? 0)) * 10_000) / 10_000,
      numbersBought: now.numbersBought + (change.numbersBought ?? 0),
      numbersReleased: now.numbersReleased + (change.numbersReleased ?? 0),
    });
  }

  get balanceUsd(): number {
    return Math.round((this.settings.creditUsd - this.counters.spentUsd) * 10_000) / 10_000;
  }

  /** What lists show by now: they lag behind. */
  isListed(createdAtMs: number): boolean {
    return this.nowMs >= createdAtMs + this.settings.readLagMs;
  }
}
