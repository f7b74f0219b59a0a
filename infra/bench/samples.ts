import { type Summary, summarize } from "./percentiles.ts";

/** One claim of a run. Milliseconds, the clocks from when it was due: a late start counts. */
export interface Sample {
  readonly dueMs: number;
  /** How much later than due it was sent. */
  readonly lateMs: number;
  /** To the first answer of a request that does not wait; undefined where only the other clock is read. */
  readonly acknowledgedMs: number | undefined;
  /** To the answer with the agent; undefined when it was not served. */
  readonly liveMs: number | undefined;
  /** The status or the code of what came instead. */
  readonly failure: string | undefined;
  /** The most memory of the program that did it, where that is measured. */
  readonly peakBytes?: number;
}
export type Clock = "acknowledgedMs" | "liveMs";

const WINDOW_MS = 10_000;

export function summaryOf(samples: readonly Sample[], clock: Clock): Summary {
  const read = samples.map((sample) => sample[clock]).filter((ms) => ms !== undefined);
  return summarize(read, samples.length - read.length);
}

/** The most memory that any of them had, in MiB. */
export function peakMibOf(samples: readonly Sample[]): number {
  return Math.round(Math.max(0, ...samples.map(({ peakBytes = 0 }) => peakBytes)) / 2 ** 20);
}

/** One summary for each 10 s in which claims were due. */
export function windowsOf(samples: readonly Sample[], clock: Clock): Summary[] {
  const windows: Sample[][] = [];
  for (const sample of samples) {
    const index = Math.floor(sample.dueMs / WINDOW_MS);
    while (windows.length <= index) windows.push([]);
    windows[index]?.push(sample);
  }
  return windows.map((window) => summaryOf(window, clock));
}
