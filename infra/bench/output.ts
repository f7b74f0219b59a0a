import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeMachine, loadAverage } from "./machine.ts";
import type { Summary } from "./percentiles.ts";
import { type Clock, peakMibOf, type Sample, summaryOf, windowsOf } from "./samples.ts";

/** What the dev server of Temporal is started with (`infra/local/temporal.ts`). */
const TEMPORAL_SYNC = "Temporal dev server on SQLite (WAL, synchronous NORMAL, one shard)";

const CLOCKS: readonly Clock[] = ["acknowledgedMs", "liveMs"];
const CLAIM_NAMES: Names = {
  latency: "from due to the answer at the caller",
  clocks: { acknowledgedMs: "acknowledged", liveMs: "live" },
};

/** What the table calls what is measured. */
interface Names {
  readonly latency: string;
  readonly clocks: Readonly<Record<Clock, string>>;
  /** Heading of a column with the peak memory; without one there is no such column. */
  readonly memory?: string;
}

/** Gathers what a suite measures: a table and notes for people, every single sample for the raw file. */
export class Output {
  readonly #suite: string;
  readonly #rows: string[] = [];
  readonly #notes: string[] = [];
  readonly #raw: object[] = [];
  #names = CLAIM_NAMES;
  /** Undefined where no database is part of what is measured. */
  #postgresSync: string | undefined;

  constructor(suite: string) {
    this.#suite = suite;
  }

  /** For a suite that measures something other than claims. */
  measures(names: Names): void {
    this.#names = names;
  }

  /** What is under way, for whoever waits. */
  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** A line below the table. */
  note(text: string): void {
    this.#notes.push(text);
    this.say(text);
  }

  postgresSync(modes: string): void {
    this.#postgresSync = modes;
  }

  /** Measures one run and adds it, a row for each clock that was read. */
  async run(what: string, measure: () => Promise<readonly Sample[]>): Promise<readonly Sample[]> {
    const before = loadAverage();
    const samples = await measure();
    const memory = this.#names.memory === undefined ? "" : ` ${peakMibOf(samples)} |`;
    const windows: Partial<Record<Clock, Summary[]>> = {};
    for (const clock of CLOCKS) {
      if (clock !== "liveMs" && samples.every((sample) => sample[clock] === undefined)) continue;
      const { n, failed, p50, p90, p99, max } = summaryOf(samples, clock);
      this.#rows.push(
        `| ${what} | ${this.#names.clocks[clock]} | ${n} | ${failed} | ${p50} | ${p90} | ${p99} | ${max} |${memory} ${before} |`,
      );
      this.say(this.#rows.at(-1) ?? "");
      windows[clock] = windowsOf(samples, clock);
    }
    const live = windows.liveMs ?? [];
    if (live.length > 1)
      this.note(`${what}, p50/p99 of each 10 s: ${live.map(({ p50, p99 }) => `${p50}/${p99}`).join(", ")}`);
    this.#raw.push({ what, loadAverage: { before, after: loadAverage() }, windows, samples });
    return samples;
  }

  /** Prints the table and keeps everything in `<folder>/<time>-<suite>.json`. Resolves with that path. */
  async finish(folder: string): Promise<string> {
    const at = new Date().toISOString();
    const stores = this.#postgresSync === undefined ? "" : `${this.#postgresSync}, ${TEMPORAL_SYNC}, `;
    const conditions = `${at.slice(0, 10)}; ${describeMachine()}; ${stores}everything on this machine`;
    const { latency, memory } = this.#names;
    const columns = [`${latency}, ms`, "clock", "n", "failed", "p50", "p90", "p99", "max"];
    if (memory !== undefined) columns.push(memory);
    const head = [...columns, "load"];
    const lines = [`| ${head.join(" | ")} |`, `|${"---|".repeat(head.length)}`, ...this.#rows, ""];
    const table = this.#rows.length > 0 ? lines : [];
    process.stdout.write([conditions, "", ...table, ...this.#notes, ""].join("\n"));
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${at.replaceAll(/[:.]/g, "-")}-${this.#suite}.json`);
    await writeFile(
      file,
      JSON.stringify({ suite: this.#suite, conditions, notes: this.#notes, runs: this.#raw }),
    );
    return file;
  }
}
