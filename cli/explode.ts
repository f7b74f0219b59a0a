import { setTimeout as delay } from "node:timers/promises";
import type { Static } from "typebox";
import { type ApiClient, ApiProblem } from "./api-client.ts";
import { Exploding, InstanceDetail } from "./api-types.ts";
import { type Command, CommandError, type Context, EXIT, type ExitCode, UsageError } from "./command.ts";
import { openApi } from "./open-api.ts";
import { COMMON_USAGE, integer, parseOptions } from "./options.ts";
import { table } from "./output.ts";
import { verifyReceipt } from "./receipt.ts";

const DEFAULT_TIMEOUT_S = 600;
const POLL_MS = 500;
/** The signed receipt follows the tombstone within moments. */
const RECEIPT_WAIT_MS = 5_000;

const OPTIONS = { "timeout-s": { type: "string" } } as const;

type Instance = Static<typeof InstanceDetail>;

export const explode: Command = {
  summary: "make an agent and all it owns absent, and show the receipt",
  usage: `usage: explode INSTANCE [options]

  --timeout-s N     how long to wait for the end (default ${DEFAULT_TIMEOUT_S}); it goes on without us
${COMMON_USAGE}`,
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(context.args, OPTIONS, 1);
  const [id] = positionals;
  if (id === undefined) throw new UsageError("which instance? `npm run status` lists them");
  if (!/^[a-z0-9]{12}$/.test(id)) throw new UsageError("an instance id has 12 characters of a–z and 0–9");
  const timeoutS = integer("--timeout-s", values["timeout-s"], 1, 86_400) ?? DEFAULT_TIMEOUT_S;
  const api = await openApi(context, values.state);
  const isOver = await begin(api, id, context.signal);
  context.output.note(isOver ? `Instance ${id} has exploded before.` : `Instance ${id} is exploding.`);
  const ended = await waitForEnd(context, api, id, timeoutS * 1000);
  const signature = await verifyReceipt(api, ended.receipt);
  context.output.tell(
    { event: "exploded", signature, ...ended },
    `${describeResources(ended)}\nReceipt: ${signature}${ended.receipt ? ` (key ${ended.receipt.keyId})` : ""}`,
  );
  return EXIT.ok;
}

/** True when it has exploded already. */
async function begin(api: ApiClient, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    const request = { method: "POST", body: { reason: "operator" }, signal } as const;
    await api.call(Exploding, `/api/instances/${id}/explode`, request);
    return false;
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.code === "gone") return true;
    throw error;
  }
}

async function waitForEnd(
  { output, signal }: Context,
  api: ApiClient,
  id: string,
  timeoutMs: number,
): Promise<Instance> {
  const deadline = Date.now() + timeoutMs;
  let receiptDeadline: number | undefined;
  let shown = "";
  for (;;) {
    const instance = await api.call(InstanceDetail, `/api/instances/${id}`, { signal });
    if (instance.state === "exploded") {
      receiptDeadline ??= Date.now() + RECEIPT_WAIT_MS;
      if (instance.receipt || Date.now() > receiptDeadline) return instance;
    } else if (Date.now() > deadline) {
      throw new CommandError(`instance ${id} is still ${instance.state} after ${timeoutMs / 1000} s`, {
        hint: `It goes on by itself. What is stuck: ${instance.temporalExplodeUrl ?? "see `npm run status`"}`,
      });
    }
    const open = instance.resources.filter(({ state }) => state !== "settled");
    const progress = open.map(({ provider, kind, state }) => `${provider} ${kind} ${state}`).join(", ");
    if (progress !== shown)
      output.note(progress === "" ? "All resources are settled." : `Still there: ${progress}.`);
    shown = progress;
    await delay(POLL_MS, undefined, { signal });
  }
}

function describeResources({ id, endReason, resources }: Instance): string {
  const rows = resources.map(({ provider, kind, name, outcome }) => {
    const { kind: became, ...more } = outcome ?? { kind: "unknown" };
    return [provider, kind, name, [became, ...Object.values(more)].join(" ")];
  });
  const list = rows.length === 0 ? "It owned nothing." : table(["PROVIDER", "KIND", "NAME", "OUTCOME"], rows);
  return `Instance ${id} has exploded (${endReason ?? "no reason"}).\n${list}`;
}
