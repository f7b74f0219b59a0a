import type { RecordStore } from "./record-store.ts";

/**
 * The time a provider double lives in: the host's clock plus an offset that only grows.
 * Windows, expiries and time stamps follow it, so a test can reach "next month" at once.
 */
export class VirtualClock {
  #offsetMs: number;
  readonly #onChange: (offsetMs: number) => void;

  constructor(offsetMs: number, onChange: (offsetMs: number) => void) {
    this.#offsetMs = offsetMs;
    this.#onChange = onChange;
  }

  /** Milliseconds since the epoch. */
  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  nowIso(): string {
    return new Date(this.nowMs()).toISOString();
  }

  advance(byMs: number): void {
    this.#offsetMs += byMs;
    this.#onChange(this.#offsetMs);
  }
}

/** The clock of a state folder: a virtual "next month" is still next month after a restart. */
export function openClock(store: RecordStore): VirtualClock {
  const stored = store.load("clock").find(({ id }) => id === "offsetMs")?.value;
  return new VirtualClock(typeof stored === "number" ? stored : 0, (offsetMs) =>
    store.put("clock", "offsetMs", offsetMs),
  );
}
