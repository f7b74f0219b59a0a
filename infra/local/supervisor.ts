import { setTimeout as delay } from "node:timers/promises";
import type { RunRecord } from "./run-record.ts";

/** A started part. Whoever starts it sees to it that it also ends when this process dies (see guarded-process.ts). */
export type Running = {
  /** The leader of its process group; undefined when it runs elsewhere. */
  readonly pid: number | undefined;
  /** Resolves, with its last lines, when the part ends for whatever reason. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
};

export type SupervisorEvent =
  | { readonly kind: "died"; readonly part: string; readonly lastLines: string; readonly restartInMs: number }
  | { readonly kind: "restarted"; readonly part: string; readonly attempt: number }
  | { readonly kind: "gave-up"; readonly part: string; readonly reason: string };

export type RestartPolicy = {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** More restarts than this within the window, and the part is given up. */
  readonly maxRestarts: number;
  readonly windowMs: number;
};

const DEFAULT_POLICY: RestartPolicy = {
  firstDelayMs: 500,
  maxDelayMs: 10_000,
  maxRestarts: 5,
  windowMs: 10 * 60_000,
};

export type Supervisor = {
  /** Starts a part and keeps it running; rejects when the first start fails. `start` hears when to give up. */
  run<T extends Running>(part: string, start: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Resolves with the name of the first part that was given up. */
  readonly gaveUp: Promise<string>;
  /** Stops every part, the last started first. May be called again, and while a part is being started. */
  stop(): Promise<void>;
};

type Slot = { readonly part: string; current: Running | undefined; watching: Promise<void> };

export function createSupervisor(options: {
  readonly record: RunRecord;
  readonly report: (event: SupervisorEvent) => void;
  readonly policy?: RestartPolicy;
}): Supervisor {
  const { record, report, policy = DEFAULT_POLICY } = options;
  const stopping = new AbortController();
  const aborted = Promise.withResolvers<undefined>();
  stopping.signal.addEventListener("abort", () => aborted.resolve(undefined), { once: true });
  const slots: Slot[] = [];
  const given = Promise.withResolvers<string>();
  let stopped: Promise<void> | undefined;

  async function launch<T extends Running>(
    slot: Slot,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    stopping.signal.throwIfAborted();
    const running = await start(stopping.signal);
    slot.current = running;
    if (running.pid !== undefined) await record.add(slot.part, running.pid);
    if (stopping.signal.aborted) {
      await stopOne(slot);
      stopping.signal.throwIfAborted();
    }
    return running;
  }

  async function stopOne(slot: Slot): Promise<void> {
    const running = slot.current;
    if (!running) return;
    await running.stop();
    slot.current = undefined;
    if (running.pid !== undefined) await record.remove(running.pid);
  }

  /** Lives as long as the part: waits for its end and starts it again. */
  async function watch<T extends Running>(
    slot: Slot,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<void> {
    const restarts: number[] = [];
    for (;;) {
      const running = slot.current;
      if (!running) return;
      const lastLines = await Promise.race([running.exited, aborted.promise]);
      if (lastLines === undefined) return;
      slot.current = undefined;
      if (running.pid !== undefined) await record.remove(running.pid);
      let reason = lastLines;
      while (!slot.current) {
        const now = Date.now();
        const recent = restarts.filter((at) => now - at < policy.windowMs).length;
        if (recent >= policy.maxRestarts) {
          report({ kind: "gave-up", part: slot.part, reason });
          given.resolve(slot.part);
          return;
        }
        const restartInMs = Math.min(policy.firstDelayMs * 2 ** recent, policy.maxDelayMs);
        report({ kind: "died", part: slot.part, lastLines: reason, restartInMs });
        restarts.push(now);
        try {
          await delay(restartInMs, undefined, { signal: stopping.signal });
          await launch(slot, start);
          report({ kind: "restarted", part: slot.part, attempt: recent + 1 });
        } catch (error) {
          if (stopping.signal.aborted) return;
          reason = error instanceof Error ? error.message : String(error);
        }
      }
    }
  }

  return {
    gaveUp: given.promise,
    async run(part, start) {
      const slot: Slot = { part, current: undefined, watching: Promise.resolve() };
      slots.push(slot);
      const first = launch(slot, start);
      // The stop must wait for a start that is under way; its failure is the caller's to handle.
      slot.watching = first.then(
        () => watch(slot, start),
        () => undefined,
      );
      return first;
    },
    stop() {
      stopped ??= (async () => {
        stopping.abort(new Error("the stack is stopping"));
        for (const slot of slots.toReversed()) {
          await stopOne(slot);
          await slot.watching;
        }
      })();
      return stopped;
    },
  };
}
