/**
 * One line for each part of the start, with how long it took. On a terminal the line of the part under way is shown
 * at once and completed in place; in a file or pipe only finished lines appear.
 */
export type Progress = {
  /** Runs `work` as the part `name`; `describe` says in few words what came of it. */
  step<T>(name: string, work: () => Promise<T>, describe?: (result: T) => string): Promise<T>;
  /** A sentence between the lines. */
  note(text: string): void;
};

export type ProgressOutput = {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
};

const NAME_WIDTH = 16;

export function createProgress(
  output: ProgressOutput,
  now: () => number = () => performance.now(),
): Progress {
  const isTerminal = output.isTTY === true;
  let underWay: string | undefined;
  const clear = () => (isTerminal && underWay !== undefined ? "\r\x1b[K" : "");
  const line = (text: string) => {
    output.write(`${clear()}${text}\n${isTerminal && underWay !== undefined ? underWay : ""}`);
  };
  return {
    note: (text) => line(`  ${text}`),
    async step(name, work, describe) {
      const label = `  ${name.padEnd(NAME_WIDTH)}`;
      const startedAt = now();
      if (isTerminal) output.write(`${label} …`);
      underWay = `${label} …`;
      const finish = (mark: string, text: string) => {
        const seconds = ((now() - startedAt) / 1000).toFixed(1);
        const finished = `${mark} ${name.padEnd(NAME_WIDTH)} ${seconds.padStart(6)} s${text ? `  ${text}` : ""}`;
        const prefix = clear();
        underWay = undefined;
        output.write(`${prefix}${finished}\n`);
      };
      try {
        const result = await work();
        finish("✓", describe?.(result) ?? "");
        return result;
      } catch (error) {
        finish("✗", "failed");
        throw error;
      }
    },
  };
}
