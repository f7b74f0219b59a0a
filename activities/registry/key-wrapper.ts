import { open, seal } from "./sealing.ts";

const KEY_BYTES = 32;

/**
 * Holds the master key and wraps data keys under it. A key management service implements this too: its master key
 * then never enters a process, and a wrapper that caches what it unwrapped keeps the service out of the callers' time.
 */
export interface KeyWrapper {
  /** Sealed under the newest master key. The context (a text, no secret) is needed again to unwrap. */
  wrap(dataKey: Buffer, context: string): Promise<Buffer>;
  /** Throws when no master key opens it, or the context is another one. */
  unwrap(wrapped: Buffer, context: string): Promise<Buffer>;
  /** Whether an earlier master key opens it, so that it is to be wrapped anew. */
  isOutdated(wrapped: Buffer, context: string): Promise<boolean>;
}

/** Master keys from the environment: the first one wraps, all unwrap. Each has 32 bytes. */
export class MasterKeys implements KeyWrapper {
  readonly #keys: readonly [Buffer, ...Buffer[]];

  constructor(current: Buffer, previous: readonly Buffer[] = []) {
    this.#keys = [current, ...previous];
    if (this.#keys.some((key) => key.length !== KEY_BYTES))
      throw new RangeError("a master key must be 32 bytes");
  }

  async wrap(dataKey: Buffer, context: string): Promise<Buffer> {
    return seal(this.#keys[0], dataKey, context);
  }

  async unwrap(wrapped: Buffer, context: string): Promise<Buffer> {
    return this.#open(wrapped, context).dataKey;
  }

  async isOutdated(wrapped: Buffer, context: string): Promise<boolean> {
    return !this.#open(wrapped, context).isCurrent;
  }

  #open(wrapped: Buffer, context: string): { dataKey: Buffer; isCurrent: boolean } {
    for (const [index, key] of this.#keys.entries()) {
      const dataKey = openOrNothing(key, wrapped, context);
      if (dataKey) return { dataKey, isCurrent: index === 0 };
    }
    throw new RangeError("no master key opens this data key");
  }
}

function openOrNothing(key: Buffer, wrapped: Buffer, context: string): Buffer | undefined {
  try {
    return open(key, wrapped, context);
  } catch {
    // The authentication tag says no more than that it was another key; whoever finds none that fits throws.
    return undefined;
  }
}
