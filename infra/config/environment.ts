import type { Static, TObject } from "typebox";
import { Value } from "typebox/value";

/** A configuration that cannot be used. The message names the variables and what is wrong, never a value. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "ConfigError";
  }
}

/**
 * Parses the process's environment once, at its edge: defaults filled in, numbers converted, frozen. Only the
 * schema's own variables are read; an empty one counts as absent.
 */
export function readEnvironment<Schema extends TObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Static<Schema>> {
  const own = Object.fromEntries(
    Object.keys(schema.properties)
      .map((name) => [name, environment[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed: unknown = Value.Default(schema, Value.Convert(schema, own));
  if (!Value.Check(schema, parsed)) {
    const problems = Value.Errors(schema, parsed).map(
      (error) => `${error.instancePath.slice(1) || "environment"} ${error.message}`,
    );
    throw new ConfigError([...new Set(problems)]);
  }
  return Object.freeze(parsed);
}
