/** What this process knows about a name before the provider's lagging reads show it. */
export interface Remembered {
  projectId?: string;
  /** When that project was first seen or made here. */
  seenAtMs?: number;
  /** Since when, without a break, no look has found a project of the name. */
  missingSinceMs?: number;
  /** The last patch that was committed. */
  committed?: { epoch: number; atMs: number };
}

const MAX_NAMES = 10_000;

/** A help only: what is forgotten, or was done by another process, is found out by looking. */
export class Memory {
  readonly #names = new Map<string, Remembered>();

  of(name: string): Remembered {
    return this.#names.get(name) ?? {};
  }

  note(name: string, known: Remembered): void {
    const merged = { ...this.of(name), ...known };
    this.#names.delete(name);
    this.#names.set(name, merged);
    const [oldest] = this.#names.keys();
    if (this.#names.size > MAX_NAMES && oldest !== undefined) this.#names.delete(oldest);
  }

  clearMissing(name: string): void {
    const { missingSinceMs, ...rest } = this.of(name);
    if (missingSinceMs !== undefined) this.#names.set(name, rest);
  }

  forget(name: string): void {
    this.#names.delete(name);
  }
}
