import { GraphQLError } from "graphql";
import { type JsonReply, json } from "../base/reply.ts";

/** Nearly every failure is HTTP 200 with this catch-all code: only the message tells one from another. */
export const failure = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: "INTERNAL_SERVER_ERROR" } });

export const notAuthorized = (): GraphQLError => failure("Not Authorized");
export const notFound = (kind: string): GraphQLError => failure(`${kind} not found`);

/** The answer to a deleted environment where it is `null` although the schema forbids it. */
export class NullAnswer extends Error {}

/** A body that is not GraphQL: the only failures with an HTTP status of their own. */
export const invalidDocument = (code: string, message: string): JsonReply =>
  json(400, { errors: [{ message, extensions: { code } }] });

export const unauthorizedReply = (): JsonReply =>
  json(200, {
    errors: [{ message: "Not Authorized", extensions: { code: "INTERNAL_SERVER_ERROR" } }],
    data: null,
  });

export function throttled(retryAfterSeconds: number | undefined): JsonReply {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return json(429, { errors: [{ message: "Too Many Requests" }] }, headers);
}
