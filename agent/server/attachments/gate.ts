/** Lets so many through at a time; the others wait in line, and what finds the line full is turned away. */
export interface Gate {
  /** undefined when the line is full. Rejects with the signal's reason when it aborts while waiting. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined>;
}

export function createGate(runningMax: number, waitingMax: number): Gate {
  const line: (() => void)[] = [];
  let running = 0;
  const enter = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        line.splice(line.indexOf(go), 1);
        reject(signal.reason);
      };
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      line.push(go);
    });
  return {
    async run(work, signal) {
      signal.throwIfAborted();
      if (running < runningMax) running += 1;
      else if (line.length >= waitingMax) return undefined;
      else await enter(signal);
      try {
        return await work();
      } finally {
        // Whoever is next takes over this place.
        const next = line.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
