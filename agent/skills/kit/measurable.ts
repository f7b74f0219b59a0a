import { readFile } from "node:fs/promises";

export interface Measurement {
  /** From asking for it to the answer, the start of the program that does it included. */
  ms: number;
  /** The most resident memory that this program had. */
  peakBytes: number;
}

/** A heavy piece of a skill's work, to be measured as often as wanted: by its test, and by `npm run bench`. */
export interface Measurable {
  operation: string;
  run(signal: AbortSignal): Promise<Measurement>;
}

const LOOK_MS = 10;

/**
 * Times `work`, and looks at the child of this process that does it and has `program` in its command line: what a program says
 * of its own peak may be that of whoever started it. The memory is 0 when it was never seen. Linux only.
 */
export async function measureProgram(program: string, work: () => Promise<unknown>): Promise<Measurement> {
  let isOver = false;
  const look = async (): Promise<number> => {
    let peakBytes = 0;
    while (!isOver) {
      const children = await readFile(`/proc/self/task/${process.pid}/children`, "utf8");
      for (const pid of children.split(" ").filter((text) => text !== ""))
        peakBytes = Math.max(peakBytes, await peakOf(pid, program));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return peakBytes;
  };
  const timed = async (): Promise<number> => {
    const startedMs = performance.now();
    try {
      await work();
      return performance.now() - startedMs;
    } finally {
      isOver = true;
    }
  };
  const [ms, peakBytes] = await Promise.all([timed(), look()]);
  return { ms, peakBytes };
}

/** 0 for another program. The command line is read first: before it is the program's own, the memory is this process's. */
async function peakOf(pid: string, program: string): Promise<number> {
  try {
    if (!(await readFile(`/proc/${pid}/cmdline`, "utf8")).includes(program)) return 0;
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
