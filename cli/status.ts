import type { Static } from "typebox";
import { Instances, Pool } from "./api-types.ts";
import { type Command, type Context, EXIT, type ExitCode } from "./command.ts";
import { openApi } from "./open-api.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";
import { table } from "./output.ts";

const OPTIONS = { ended: { type: "boolean", default: false } } as const;

export const status: Command = {
  summary: "show the pool, its agents and their claims",
  usage: `usage: status [options]

  --ended           list the tombstones as well
${COMMON_USAGE}`,
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { values } = parseOptions(context.args, OPTIONS, 0);
  const api = await openApi(context, values.state);
  const [pool, { instances }] = await Promise.all([
    api.call(Pool, "/api/pool", { signal: context.signal }),
    api.call(Instances, `/api/instances?ended=${values.ended}`, { signal: context.signal }),
  ]);
  context.output.tell(
    { event: "status", pool, instances },
    `${describePool(pool)}\n\n${describeInstances(instances, new Date())}`,
  );
  return EXIT.ok;
}

export function describePool(pool: Static<typeof Pool>): string {
  const counts = Object.entries(pool.counts).map(([state, n]) => `${n} ${state}`);
  return `Pool ${pool.name}: ${counts.join(", ")}\n${pool.why}`;
}

function describeInstances(instances: Static<typeof Instances>["instances"], now: Date): string {
  if (instances.length === 0) return "There are no agents.";
  return table(
    ["INSTANCE", "STATE", "FOR", "AGE", "STARTS", "CLAIM", "END"],
    instances.map((instance) => [
      instance.id,
      instance.state,
      duration(instance.stateSince, now),
      duration(instance.createdAt, now),
      String(instance.epoch),
      instance.claimId ?? "–",
      instance.endReason ?? "–",
    ]),
  );
}

function duration(since: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
