/** Lets loops sleep until they are woken; a wake-up while nobody sleeps is kept for the next one. */
export interface Wake {
  wake(): void;
  /** Resolves at the next wake-up, when `signal` aborts or after `timeoutMs`. */
  sleep(signal: AbortSignal, timeoutMs?: number): Promise<void>;
}

export function createWake(): Wake {
  let due = false;
  const sleepers = new Set<() => void>();
  return {
    wake: () => {
      due = sleepers.size === 0;
      for (const rise of sleepers) rise();
    },
    sleep: async (signal, timeoutMs) => {
      if (due || signal.aborted) {
        due = false;
        return;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
      sleepers.add(resolve);
      const rise = (): void => resolve();
      signal.addEventListener("abort", rise, { once: true });
      await promise;
      signal.removeEventListener("abort", rise);
      sleepers.delete(resolve);
      clearTimeout(timer);
    },
  };
}

/** Resolves after the time, or at once when `signal` aborts. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  createWake().sleep(signal, milliseconds);

/** How long to wait after so many failures in a row: doubled each time up to `maxMs`, and half of it by chance. */
export function backOffMs(failures: number, firstMs: number, maxMs: number): number {
  const ceilingMs = Math.min(firstMs * 2 ** Math.min(failures, 10), maxMs);
  return ceilingMs / 2 + Math.random() * (ceilingMs / 2);
}
