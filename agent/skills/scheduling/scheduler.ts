import { errorName, type Log } from "../../server/log.ts";
import type { StoredMessage } from "../../server/state/turn-ledger.ts";
import { SCHEDULE_LIMITS } from "./limits.ts";
import { latestUntil, nextAfter } from "./occurrence.ts";
import { toMessage } from "./scheduled-message.ts";
import type { Schedule, Schedules } from "./schedules.ts";

export interface SchedulerOptions {
  schedules: Schedules;
  /** Puts a message where it waits for its turn; false when it was known. Called inside of a transaction of the state. */
  take(message: StoredMessage): boolean;
  /** Nothing runs before there is a claim. */
  isClaimed(): boolean;
  /** Something new waits for an answer. */
  onMessage(): void;
  log: Log;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export interface Scheduler {
  /** Something was set up, changed or can run from now on. */
  wake(): void;
  /** Nothing runs any more when it returns. */
  stop(): void;
}

/**
 * Delivers what is due. Of the times of one schedule that were missed only the latest is delivered. The clock is looked at
 * at least once a minute, so that it may be set and the machine may sleep: what lies behind is delivered, and after a clock
 * was set back a repetition goes on with the next time, of which none is delivered twice.
 */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const { schedules, log, now = Date.now } = options;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  /** Delivers a schedule when it is due; returns when it is due next. */
  const settle = (schedule: Schedule, nowMs: number): number | undefined => {
    const { content, dueMs } = schedule;
    const nextMs = nextAfter(content.rule, nowMs);
    if (dueMs > nowMs) {
      // Another one than before: the clock was set back, or the rules of the time zone have changed.
      if (nextMs === undefined || nextMs === dueMs) return dueMs;
      schedules.put({ ...schedule, dueMs: nextMs });
      return nextMs;
    }
    const runMs = latestUntil(content.rule, dueMs, nowMs);
    const message = toMessage(schedule, runMs, nowMs);
    let isTaken = false;
    schedules.settle(schedule, message.id, nextMs, () => {
      isTaken = options.take(message);
    });
    log("schedule-due", { isTaken, lateMs: nowMs - runMs, isLast: nextMs === undefined });
    if (isTaken) options.onMessage();
    return nextMs;
  };
  /** Returns how long to wait before looking again. */
  const settleAll = (): number => {
    const nowMs = now();
    let waitMs: number = SCHEDULE_LIMITS.longestWaitMs;
    const attempt = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        log("schedule-failed", { error: errorName(error) });
        waitMs = Math.min(waitMs, SCHEDULE_LIMITS.retryMs);
      }
    };
    attempt(() => {
      for (const schedule of options.isClaimed() ? schedules.all() : [])
        attempt(() => {
          const nextMs = settle(schedule, nowMs);
          if (nextMs !== undefined) waitMs = Math.min(waitMs, nextMs - nowMs);
        });
    });
    return waitMs;
  };
  const tick = (): void => {
    if (isStopped) return;
    clearTimeout(timer);
    timer = setTimeout(tick, settleAll());
  };
  timer = setTimeout(tick, 0);
  return {
    wake: tick,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
