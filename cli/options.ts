import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./command.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options that every command has. */
export const COMMON_OPTIONS = {
  json: { type: "boolean", default: false },
  state: { type: "string", default: ".local" },
} as const satisfies Options;

export const COMMON_USAGE = `  --json            one line of JSON for each event
  --state DIR       state folder of the stack that runs here (default .local)
`;

/** `parseArgs`, strict, with the common options. Throws a UsageError. */
export function parseOptions<T extends Options>(args: readonly string[], options: T, positionals: number) {
  const parsed = parse(args, options);
  const extra = parsed.positionals[positionals];
  if (extra !== undefined) throw new UsageError(`there is no place for '${extra}'`);
  return parsed;
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
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A whole number within its bounds, or undefined when the option was not given. */
export function integer(
  name: string,
  text: string | undefined,
  minimum: number,
  maximum: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum)) {
    throw new UsageError(`${name} takes a whole number from ${minimum} to ${maximum}`);
  }
  return value;
}
