import type { Context } from "@temporalio/activity";
import type { ActivityInboundCallsInterceptor, WorkerOptions } from "@temporalio/worker";
import { CatalogueFailures } from "./failures.ts";
import { BEAT_MS, Heartbeats } from "./heartbeats.ts";
import { log } from "./log.ts";

/** One more interceptor around every activity; tests use it to end the process at an exact point. */
export type ActivityWrapper = (context: Context) => ActivityInboundCallsInterceptor;

/** What all workers share: time to end what runs, heartbeats, and failures in the words of the catalogue. */
export function commonOptions(wrappers: readonly ActivityWrapper[] = []) {
  const wrap: ActivityWrapper[] = [
    (context) => new Heartbeats(context),
    (context) => new CatalogueFailures(context, log),
    ...wrappers,
  ];
  return {
    shutdownGraceTime: "10s",
    shutdownForceTime: "20s",
    // Beats are held back for most of their time-out otherwise: one that is lost would then be one too many.
    maxHeartbeatThrottleInterval: BEAT_MS,
    defaultHeartbeatThrottleInterval: BEAT_MS,
    interceptors: { activity: wrap.map((make) => (context: Context) => ({ inbound: make(context) })) },
  } satisfies Partial<WorkerOptions>;
}
