import { LIMITS } from "../domain/limits.ts";
import { ROLLOUT_STRATEGIES } from "../domain/rollout.ts";
import type { ApiClient } from "./api-client.ts";
import { Drained, Pool, Reconciled } from "./api-types.ts";
import { type Command, type Context, EXIT, type ExitCode, UsageError } from "./command.ts";
import { openApi } from "./open-api.ts";
import { COMMON_USAGE, integer, parseOptions } from "./options.ts";
import { describePool } from "./status.ts";

/** The gateway itself gives up after 10 s, for `reconcile` after 30. */
const TIMEOUT_MS = 40_000;

export const pool: Command = {
  summary: "operate the pool",
  usage: `usage: pool [operation] [options]

  (none)            show the pool
  replenish N       start N agents beyond the target (at most ${LIMITS.replenishMaxCount})
  drain N           explode N idle agents, the oldest first (at most ${LIMITS.drainMaxCount})
  target N          keep N idle agents (at most ${LIMITS.poolMaxTarget})
  rate N            start at most N agents within a minute (at most ${LIMITS.poolMaxStartsPerMinute})
  max-age HOURS     replace idle agents that are older, one at a time (0: never; at most ${LIMITS.poolMaxAgeHours})
  rollout GENERATION
                    start agents of this generation from now on; going back is rolling out the one before
  pause REASON      start no more agents
  resume            start agents again
  reconcile         start now what must run and does not
  --strategy NAME   of a rollout: ${ROLLOUT_STRATEGIES.join(" or ")} (replaces idle ones as well, one at a time)
${COMMON_USAGE}`,
  run,
};

const OPTIONS = { strategy: { type: "string" } } as const;

type Operation = (
  api: ApiClient,
  argument: string | undefined,
  context: Context,
  strategy: string | undefined,
) => Promise<void>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  show: async (api, argument, context) => {
    none(argument);
    const shown = await api.call(Pool, "/api/pool", { signal: context.signal });
    context.output.tell({ event: "pool", ...shown }, describePool(shown));
  },
  replenish: (api, argument, context) =>
    change(context, api, "replenish", { count: count(argument, LIMITS.replenishMaxCount) }),
  target: (api, argument, context) =>
    change(context, api, "target", { target: count(argument, LIMITS.poolMaxTarget, 0) }, "PUT"),
  rate: (api, argument, context) => {
    const startsPerMinute = count(argument, LIMITS.poolMaxStartsPerMinute);
    return change(context, api, "rate", { startsPerMinute }, "PUT");
  },
  "max-age": (api, argument, context) =>
    change(context, api, "max-age", { hours: count(argument, LIMITS.poolMaxAgeHours, 0) }, "PUT"),
  rollout: (api, generation, context, strategy) => {
    if (generation === undefined) throw new UsageError("rollout needs a generation");
    if (strategy !== undefined && !ROLLOUT_STRATEGIES.some((name) => name === strategy))
      throw new UsageError(`--strategy takes ${ROLLOUT_STRATEGIES.join(" or ")}`);
    return change(context, api, "rollout", { generation, ...(strategy === undefined ? {} : { strategy }) });
  },
  pause: (api, argument, context) => {
    if (argument === undefined) throw new UsageError("pause needs a reason");
    return change(context, api, "pause", { reason: argument });
  },
  resume: (api, argument, context) => {
    none(argument);
    return change(context, api, "resume", {});
  },
  drain: async (api, argument, { output, signal }) => {
    const body = { count: count(argument, LIMITS.drainMaxCount) };
    const { drained } = await api.call(Drained, "/api/pool/drain", {
      method: "POST",
      body,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    output.tell(
      { event: "drained", drained },
      drained.length === 0 ? "No agent was idle." : `Exploding ${drained.join(", ")}.`,
    );
  },
  reconcile: async (api, argument, { output, signal }) => {
    none(argument);
    const result = await api.call(Reconciled, "/api/pool/reconcile", {
      method: "POST",
      body: {},
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    output.tell({ event: "reconciled", ...result }, `Reconciled: ${JSON.stringify(result)}`);
  },
};

async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(context.args, OPTIONS, 2);
  const [name = "show", argument] = positionals;
  const operate = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (!operate) throw new UsageError(`there is no operation '${name}'`);
  if (values.strategy !== undefined && name !== "rollout")
    throw new UsageError("only a rollout has a --strategy");
  await operate(await openApi(context, values.state), argument, context, values.strategy);
  return EXIT.ok;
}

async function change(
  { output, signal }: Context,
  api: ApiClient,
  operation: string,
  body: unknown,
  method: "POST" | "PUT" = "POST",
): Promise<void> {
  const changed = await api.call(Pool, `/api/pool/${operation}`, {
    method,
    body,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  output.tell({ event: "pool", ...changed }, describePool(changed));
}

function count(text: string | undefined, maximum: number, minimum = 1): number {
  const value = integer("the operation", text, minimum, maximum);
  if (value === undefined) throw new UsageError(`how many? A whole number from ${minimum} to ${maximum}`);
  return value;
}

function none(argument: string | undefined): void {
  if (argument !== undefined) throw new UsageError(`there is no place for '${argument}'`);
}
