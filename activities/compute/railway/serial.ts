/** Work on one key runs one after the other, on different keys at once. */
export class Serial {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    // The next one starts whatever became of this one; who asked for this one is told.
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(work, work);
    this.#tails.set(key, result);
    const forget = () => {
      if (this.#tails.get(key) === result) this.#tails.delete(key);
    };
    result.then(forget, forget);
    return result;
  }
}
