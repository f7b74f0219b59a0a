import { resolve } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { type Context, UsageError } from "./command.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

const COMMON_OPTIONS = {
  json: { type: "boolean", default: false },
  env: { type: "string", default: ".env" },
} as const satisfies Options;

export const COMMON_USAGE = `  --env FILE        the agent's settings and secrets (default .env); the environment goes before it
  --json            one line of JSON for each event

exit codes: 0 done, 1 failed, 2 wrong command line, 78 unusable configuration
`;

/** `parseArgs`, strict, with the options that every command has. Throws a UsageError. */
export function parseOptions<T extends Options>({ args, cwd }: Context, options: T) {
  const { values, positionals } = parse(args, options);
  const [extra] = positionals;
  if (extra !== undefined) throw new UsageError(`there is no place for '${extra}'`);
  return { values, envFile: resolve(cwd, "env" in values ? String(values.env) : COMMON_OPTIONS.env.default) };
}

function parse<T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...COMMON_OPTIONS, ...options },
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A whole number within its bounds. */
export function integer(name: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum))
    throw new UsageError(`${name} takes a whole number from ${minimum} to ${maximum}`);
  return value;
}
