import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { ConfigError } from "./environment.ts";

/** A setting that is JSON text. Throws a ConfigError of the component that names it and does not quote it. */
export function parseJsonSetting<Schema extends TSchema>(
  component: string,
  schema: Schema,
  name: string,
  text: string,
): Static<Schema> {
  try {
    return Value.Parse(schema, JSON.parse(text));
  } catch {
    // The parser's message would quote the value.
    throw new ConfigError(component, [`${name} is not the JSON that it should be`]);
  }
}
