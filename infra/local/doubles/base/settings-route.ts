import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { type JsonReply, json } from "./reply.ts";
import type { Route } from "./router.ts";

/** `PATCH /__double/<name>/settings`: changes what the schema of a change lets through, and answers all settings. */
export const settingsRoute = <Schema extends TSchema>(
  name: string,
  schema: Schema,
  change: (body: Static<Schema>) => unknown,
): Route => ({
  method: "PATCH",
  path: `/__double/${name}/settings`,
  handle: ({ body }) =>
    Value.Check(schema, body) ? json(200, { settings: change(body) }) : complaint(schema, body),
});

/** What is wrong with the body, by its place in it. */
export function complaint(schema: TSchema, body: unknown): JsonReply {
  const first = Value.Errors(schema, body)[0];
  return json(400, { error: `${first?.instancePath || "/"} ${first?.message ?? "not valid"}` });
}
