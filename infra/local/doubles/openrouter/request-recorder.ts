const MAX_RECORDED = 200;

/**
 * Keeps the last requests that reached the model, whole, in memory only and only when asked to: they hold
 * people's words. Tests look here at what an agent really sent.
 */
export class RequestRecorder {
  readonly #isOn: boolean;
  readonly #requests: unknown[] = [];

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  add(request: unknown): void {
    if (!this.#isOn) return;
    this.#requests.push(request);
    if (this.#requests.length > MAX_RECORDED) this.#requests.shift();
  }

  /** Oldest first; undefined when recording is off. */
  list(): readonly unknown[] | undefined {
    return this.#isOn ? this.#requests : undefined;
  }
}
