/**
 * A worker in which every activity of a saga goes wrong in one way on its first try, a different way for each workflow
 * in turn (`modes.ts`). `WORKER` is `control` or `claims`.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "@temporalio/activity";
import { type ActivityInboundCallsInterceptor, Runtime } from "@temporalio/worker";
import { PlatformError } from "../../../domain/errors.ts";
import { runClaimWorker } from "../../../workers/claim-worker.ts";
import { parseConfig } from "../../../workers/config.ts";
import { runControlWorker } from "../../../workers/control-worker.ts";
import { RUNTIME_OPTIONS } from "../../../workers/run.ts";
import { MODES, type Mode, SAGA_ACTIVITIES } from "./modes.ts";

const SLOW_MS = 1_000;

/** Of the instance or claim that a workflow is about, which its id ends with: one and the same for all its workflows. */
const modes = new Map<string, Mode>();

function modeOf(workflowId: string): Mode {
  const subject = workflowId.split("/").at(-1) ?? workflowId;
  const mode = modes.get(subject) ?? MODES[modes.size % MODES.length];
  if (mode === undefined) throw new RangeError("there is no mode");
  modes.set(subject, mode);
  return mode;
}

const fault = (context: Context): ActivityInboundCallsInterceptor => ({
  async execute(input, next) {
    const { activityType, attempt, workflowExecution } = context.info;
    if (!SAGA_ACTIVITIES.has(activityType) || !workflowExecution) return next(input);
    const mode = modeOf(workflowExecution.workflowId);
    if (attempt > 1) return next(input);
    console.error(JSON.stringify({ event: "saga-fault", activity: activityType, mode }));
    switch (mode) {
      case "fails":
        throw failed();
      case "fails-after":
        await next(input);
        throw failed();
      case "twice":
        await next(input);
        return next(input);
      case "at-once":
        return Promise.any([next(input), next(input)]).catch((error: unknown) => {
          throw error instanceof AggregateError ? error.errors[0] : error;
        });
      case "slow": {
        await delay(SLOW_MS);
        const result = await next(input);
        await delay(SLOW_MS);
        return result;
      }
    }
  },
});

const failed = () => new PlatformError("transient", { detail: "the saga matrix makes this try fail" });

Runtime.install(RUNTIME_OPTIONS);
const config = parseConfig(process.env);
await (process.env.WORKER === "claims" ? runClaimWorker(config, [fault]) : runControlWorker(config, [fault]));
