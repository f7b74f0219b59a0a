import { setTimeout as delay } from "node:timers/promises";
import { describeError, type Log } from "./log.ts";

/** Between two of them, so that Temporal's share of the machine stays small however many claims come at once. */
const GAP_MS = 50;
const MAX_WAITING = 10_000;

interface Entry {
  task: string;
  fields: Readonly<Record<string, string>>;
  write: () => Promise<unknown>;
}

/**
 * What only operators look at, written one after the other while callers go first. A burst is caught up with
 * afterwards; when the gateway stops, or too many wait, the rest is left out: nothing depends on a record.
 */
export class Records {
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #waiting: Entry[] = [];
  #writing: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** A failure is logged under the task's name. */
  add(task: string, fields: Readonly<Record<string, string>>, write: () => Promise<unknown>): void {
    if (this.#stopping.signal.aborted || this.#waiting.length >= MAX_WAITING) {
      this.#log(`${task}-left-out`, fields);
      return;
    }
    this.#waiting.push({ task, fields, write });
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Waits for the one that is being written. */
  async stop(): Promise<void> {
    if (this.#waiting.length > 0) this.#log("records-left-out", { count: String(this.#waiting.length) });
    this.#waiting = [];
    this.#stopping.abort();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let entry = this.#waiting.shift(); entry; entry = this.#waiting.shift()) {
      const { task, fields } = entry;
      await entry.write().catch((error: unknown) => {
        this.#log(`${task}-failed`, { ...fields, ...describeError(error) });
      });
      // Aborted only by `stop`, which has emptied the queue.
      await delay(GAP_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }
}
