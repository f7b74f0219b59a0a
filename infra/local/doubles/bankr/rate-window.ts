/** Counts what happened in the last minute of the double's time. */
export class RateWindow {
  #times: number[] = [];

  /** Whether one more is allowed now; it then counts. */
  take(nowMs: number, maxPerMinute: number): boolean {
    this.#times = this.#times.filter((time) => nowMs - time < 60_000);
    if (this.#times.length >= maxPerMinute) return false;
    this.#times.push(nowMs);
    return true;
  }
}
