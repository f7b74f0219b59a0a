import { type TSchema, Type } from "typebox";

/** What a value has to be, in a table's cell. */
export function limitsOf(schema: TSchema): string {
  const options: Readonly<Record<string, unknown>> = { ...schema };
  if (Type.IsInteger(schema)) return `${options.minimum} to ${options.maximum}`;
  if (Type.IsUnion(schema))
    return schema.anyOf.flatMap((one) => (Type.IsLiteral(one) ? [`\`${one.const}\``] : [])).join(", ");
  const { pattern, maxLength } = options;
  return [
    ...(pattern === undefined ? [] : [`\`${pattern}\``]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
  ].join(", ");
}
