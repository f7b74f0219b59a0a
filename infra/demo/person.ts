import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { eventually } from "../testing/eventually.ts";
import { type Entry, formatEntry, readEntries } from "./transcript.ts";

const ANSWER_MS = 60_000;
const END_MS = 30_000;

/** Somebody at a terminal with a chat. */
export class DemoPerson {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #events: unknown[] = [];

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    if (!child.stdout) throw new Error("the chat has no standard output");
    createInterface({ input: child.stdout }).on("line", (line) => this.#events.push(JSON.parse(line)));
  }

  /** What the terminal shows, oldest first. */
  get entries(): readonly Entry[] {
    return readEntries(this.#events);
  }

  says(text: string): void {
    this.#child.stdin?.write(`${text}\n`);
  }

  /** Resolves when the terminal shows so many entries for which `is` holds. */
  async sees(what: string, is: (entry: Entry) => boolean, count: number): Promise<void> {
    const isSeen = (): boolean => {
      if (this.#child.exitCode !== null) throw new Error(`${this.name}'s chat ended: ${this.#last()}`);
      return this.entries.filter(is).length >= count;
    };
    try {
      await eventually(`${this.name} sees ${what}`, isSeen, ANSWER_MS);
    } catch (error) {
      const seen = this.entries.map(formatEntry).join("\n");
      throw new Error(`${error instanceof Error ? error.message : error}; there is:\n${seen}`, {
        cause: error,
      });
    }
  }

  /** Resolves when the chat has come to its end. Throws when that was not a good one. */
  async leaves(): Promise<void> {
    if (this.#child.exitCode === null)
      await once(this.#child, "close", { signal: AbortSignal.timeout(END_MS) });
    if (this.#child.exitCode !== 0)
      throw new Error(`${this.name}'s chat ended with ${this.#child.exitCode}: ${this.#last()}`);
  }

  /** Whether the chat printed this event. */
  told(event: object): boolean {
    return this.#events.some((one) => JSON.stringify(one) === JSON.stringify(event));
  }

  #last(): string {
    return JSON.stringify(this.#events.at(-1) ?? null);
  }
}
