import type { Context } from "@temporalio/activity";
import type { WorkerOptions } from "@temporalio/worker";
import { CatalogueFailures } from "./failures.ts";
import { log } from "./log.ts";

/** What all workers share: time to end what runs, and failures in the words of the catalogue. */
export const COMMON_OPTIONS = {
  shutdownGraceTime: "10s",
  shutdownForceTime: "20s",
  interceptors: { activity: [(context: Context) => ({ inbound: new CatalogueFailures(context, log) })] },
} satisfies Partial<WorkerOptions>;
