import { Violations } from "./api-types.ts";
import { type Command, type Context, EXIT, type ExitCode } from "./command.ts";
import { openApi } from "./open-api.ts";
import { COMMON_USAGE, parseOptions } from "./options.ts";

/** The gateway itself gives up after 30 s. */
const TIMEOUT_MS = 40_000;

export const audit: Command = {
  summary: "look for breaches of the invariants; repairs nothing",
  usage: `usage: audit [options]

Ends with 0 when nothing is found, with 1 and a line for each breach otherwise.

${COMMON_USAGE}`,
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { output, signal, args } = context;
  const { values } = parseOptions(args, {}, 0);
  const api = await openApi(context, values.state);
  const request = { method: "POST", body: {}, timeoutMs: TIMEOUT_MS, signal } as const;
  const { violations } = await api.call(Violations, "/api/pool/audit", request);
  const lines = violations.map(({ invariant, subject, detail }) => `${invariant} ${subject}: ${detail}`);
  output.tell({ event: "audit", violations }, lines.length === 0 ? "nothing found" : lines.join("\n"));
  return violations.length === 0 ? EXIT.ok : EXIT.failed;
}
