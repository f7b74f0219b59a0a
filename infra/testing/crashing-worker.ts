/**
 * A worker that ends itself with SIGKILL at one exact point: `CRASH_AT=<activity>[/<argument>]:before|after`, where
 * `after` is when the effect is done and its result not yet reported. `WORKER` is `control` or `claims`.
 */
import type { Context } from "@temporalio/activity";
import { type ActivityInboundCallsInterceptor, Runtime } from "@temporalio/worker";
import { runClaimWorker } from "../../workers/claim-worker.ts";
import { parseConfig } from "../../workers/config.ts";
import { runControlWorker } from "../../workers/control-worker.ts";
import { RUNTIME_OPTIONS } from "../../workers/run.ts";

const [call = "", when] = (process.env.CRASH_AT ?? "").split(":");
const [activity, argument] = call.split("/");

const crash = (context: Context): ActivityInboundCallsInterceptor => ({
  async execute(input, next) {
    const here =
      context.info.activityType === activity && (argument === undefined || input.args.includes(argument));
    if (here && when === "before") die();
    const result = await next(input);
    if (here && when === "after") die();
    return result;
  },
});

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

Runtime.install(RUNTIME_OPTIONS);
const config = parseConfig(process.env);
await (process.env.WORKER === "claims" ? runClaimWorker(config, [crash]) : runControlWorker(config, [crash]));
