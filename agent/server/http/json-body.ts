import type { IncomingMessage, ServerResponse } from "node:http";
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { readBody } from "../loopback/http.ts";
import { sendProblem } from "../pool/problem.ts";

/** The body as the schema has it; undefined when the request has been answered with what is wrong with it. */
export async function takeBody<Schema extends TSchema>(
  request: IncomingMessage,
  response: ServerResponse,
  schema: Schema,
  maxBytes: number,
): Promise<Static<Schema> | undefined> {
  const bytes = await readBody(request, maxBytes);
  if (bytes === undefined) {
    response.setHeader("connection", "close");
    sendProblem(response, "body-too-large");
    return undefined;
  }
  const body = parseJson(bytes);
  if (Value.Check(schema, body)) return body;
  sendProblem(response, "invalid-request");
  return undefined;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    // Refused as an invalid request by the schema; the parser's message would quote the body.
    return undefined;
  }
}
