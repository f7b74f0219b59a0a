import { msNumberToTs, optionalTsToMs } from "@temporalio/common/lib/time.js";
import type proto from "@temporalio/proto";

type Command = proto.temporal.api.command.v1.ICommand;
type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
type RetryPolicy = proto.temporal.api.common.v1.IRetryPolicy;

/** What a skipped wait takes in earnest. */
const SKIPPED_MS = 1;
const AT_ONCE: RetryPolicy = {
  initialInterval: msNumberToTs(SKIPPED_MS),
  maximumInterval: msNumberToTs(SKIPPED_MS),
  backoffCoefficient: 1,
};

/**
 * The virtual clock of one run. Waits that the workflow asks for are shortened before the server sees them, and each
 * event is moved by what was skipped until then, once and for all: a replay sees the same times. What was asked for
 * is shown again in the history.
 */
export class VirtualRun {
  /** By event id: how far the event's time lies ahead of the server's. */
  readonly #aheadMs: number[];
  readonly #timers = new Map<string, number>();
  readonly #retries = new Map<string, RetryPolicy>();
  readonly #retriesOf = new Map<number, RetryPolicy>();
  readonly #timerOf = new Map<number, number>();

  /** `aheadMs`: of the run before, which this one continues. */
  constructor(aheadMs: number) {
    this.#aheadMs = [aheadMs];
  }

  get aheadMs(): number {
    return this.#aheadMs.at(-1) ?? 0;
  }

  /** Shortens the waits among the commands; `take` answers whether so much may be skipped. */
  shorten(commands: readonly Command[], take: (ms: number) => boolean): void {
    for (const {
      startTimerCommandAttributes: timer,
      scheduleActivityTaskCommandAttributes: activity,
    } of commands) {
      if (timer?.timerId) {
        const askedMs = optionalTsToMs(timer.startToFireTimeout) ?? 0;
        // A task that failed or was answered twice asks again under the same id.
        if (!this.#timers.has(timer.timerId) && !take(askedMs)) continue;
        this.#timers.set(timer.timerId, askedMs);
        timer.startToFireTimeout = msNumberToTs(SKIPPED_MS);
      }
      if (activity?.activityId && activity.retryPolicy && take(0)) {
        this.#retries.set(activity.activityId, activity.retryPolicy);
        activity.retryPolicy = { ...activity.retryPolicy, ...AT_ONCE };
      }
    }
  }

  /** Moves events to virtual time; they come in order, and again at any later time. */
  move(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      const id = Number(event.eventId);
      this.#show(event, id);
      this.#aheadMs[id] ??= Math.max(this.aheadMs, this.#aheadAfter(event));
      event.eventTime = msNumberToTs((optionalTsToMs(event.eventTime) ?? 0) + (this.#aheadMs[id] ?? 0));
    }
  }

  /** What was asked for, instead of what the server was told. */
  #show(
    { timerStartedEventAttributes: timer, activityTaskScheduledEventAttributes: activity }: HistoryEvent,
    id: number,
  ) {
    const askedMs = this.#timers.get(timer?.timerId ?? "");
    if (timer && askedMs !== undefined) {
      this.#timerOf.set(id, askedMs);
      timer.startToFireTimeout = msNumberToTs(askedMs);
    }
    const retries = this.#retries.get(activity?.activityId ?? "");
    if (activity && retries) {
      this.#retriesOf.set(id, retries);
      activity.retryPolicy = retries;
    }
  }

  #aheadAfter({
    timerFiredEventAttributes: fired,
    activityTaskStartedEventAttributes: started,
  }: HistoryEvent): number {
    const from = Number(fired?.startedEventId ?? started?.scheduledEventId ?? 0);
    const before = this.#aheadMs[from] ?? 0;
    if (fired) return before + (this.#timerOf.get(from) ?? 0);
    const retries = this.#retriesOf.get(from);
    return started && retries ? before + backoffMs(retries, started.attempt ?? 1) : 0;
  }
}

/** All pauses before the attempt, the first being 1. */
export function backoffMs(policy: RetryPolicy, attempt: number): number {
  const initialMs = optionalTsToMs(policy.initialInterval) ?? 1_000;
  const longestMs = optionalTsToMs(policy.maximumInterval) ?? initialMs * 100;
  let sumMs = 0;
  let pauseMs = initialMs;
  for (let retry = 1; retry < attempt; retry += 1) {
    sumMs += Math.min(pauseMs, longestMs);
    pauseMs = Math.min(pauseMs * (policy.backoffCoefficient || 2), longestMs);
  }
  return sumMs;
}
