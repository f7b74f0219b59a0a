import { describeError, type Log } from "./log.ts";

/** Work that a request sets off and does not wait for. It is waited for when the gateway stops. */
export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** A failure is logged under the task's name: whoever starts it relies on something else to mend it. */
  run(task: string, fields: Readonly<Record<string, string>>, work: () => Promise<unknown>): void {
    const running: Promise<void> = work()
      .then(
        () => undefined,
        (error: unknown) => this.#log(`${task}-failed`, { ...fields, ...describeError(error) }),
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async drain(): Promise<void> {
    await Promise.all(this.#running);
  }
}
