/** Runs what is asked for one name after the other, in this process; different names do not wait for each other. */
export class Serial {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    const { promise: tail, resolve } = Promise.withResolvers<void>();
    this.#tails.set(name, tail);
    await before;
    try {
      return await work();
    } finally {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
      resolve();
    }
  }
}
