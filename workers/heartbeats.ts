import type { Context } from "@temporalio/activity";
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from "@temporalio/worker";

/**
 * Three of these fit into the heartbeat time-out of `workflows/activities.ts`. The worker sends each on only because
 * `worker-options.ts` lowers its throttle to the same interval.
 */
export const BEAT_MS = 1_500;

/**
 * Beats for every activity while it runs: a worker that dies is noticed within seconds instead of at the end of
 * the activity's time, and a cancellation reaches it.
 */
export class Heartbeats implements ActivityInboundCallsInterceptor {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, "execute">,
  ): Promise<unknown> {
    const timer = setInterval(() => this.#context.heartbeat(), BEAT_MS);
    try {
      return await next(input);
    } finally {
      clearInterval(timer);
    }
  }
}
