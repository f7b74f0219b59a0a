import { type Static, type TObject, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";

/** A configuration that cannot be used. The message names the variables and what is wrong, never a value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(component: string, problems: readonly string[]) {
    const lines = problems.map((problem) => `  ${problem}\n`).join("");
    super(`the configuration of ${component} is not usable (docs/reference/configuration.md):\n${lines}`);
  }
}

export interface Component {
  /** As in "the configuration of …". */
  readonly name: string;
  /** Names that are this component's alone, so that one which the schema does not know is a misspelt one. */
  readonly ownNames: RegExp;
}

const WHOLE_NUMBER = /^\d{1,15}$/;
const DECIMAL_NUMBER = /^\d{1,9}(\.\d{1,6})?$/;

/**
 * Parses the process's environment once, at its edge: defaults filled in, numbers converted, frozen. The
 * environment is shared, so other programs' names are left alone; an empty variable counts as absent.
 * Throws a ConfigError that names every variable that is missing, invalid or unknown.
 */
export function readEnvironment<Schema extends TObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
  component: Component,
): Readonly<Static<Schema>> {
  const problems: string[] = [];
  const given: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || text === "") continue;
    const property = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    if (property) given[name] = isNumberFor(property, text) ? Number(text) : text;
    else if (component.ownNames.test(name)) problems.push(`${name} is unknown`);
  }
  for (const [name, property] of Object.entries(schema.properties)) {
    if (given[name] !== undefined) {
      if (!Value.Check(property, given[name])) problems.push(`${name} is invalid`);
    } else if (isRequired(schema, name)) problems.push(`${name} is missing`);
  }
  const parsed = Value.Default(schema, given);
  if (problems.length > 0 || !Value.Check(schema, parsed)) throw new ConfigError(component.name, problems);
  return Object.freeze(parsed);
}

const isNumberFor = (property: TSchema, text: string): boolean =>
  (Type.IsInteger(property) && WHOLE_NUMBER.test(text)) ||
  (Type.IsNumber(property) && DECIMAL_NUMBER.test(text));

/** Whether the variable has to be given: it is neither optional nor has it a default. */
export function isRequired(schema: TObject, name: string): boolean {
  const property = schema.properties[name];
  return property !== undefined && !("default" in property) && schema.required.includes(name);
}
