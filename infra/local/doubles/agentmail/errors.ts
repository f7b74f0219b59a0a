import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { type JsonReply, json } from "../base/reply.ts";

/** An AgentMail error body: `{name, code, message, docs}`. Clients branch on `code`. */
function errorReply(status: number, name: string, code: string, message: string): JsonReply {
  return json(status, { name, code, message, docs: `https://docs.agentmail.to/errors#${code}` });
}

export const missingAuthorization = (): JsonReply =>
  errorReply(401, "UnauthorizedError", "missing_authorization", "Missing Authorization header");
export const invalidTokenType = (): JsonReply =>
  errorReply(401, "UnauthorizedError", "invalid_token_type", "Authorization is not a Bearer token");
export const unknownApiKey = (): JsonReply =>
  errorReply(401, "UnauthorizedError", "unknown_api_key", "The API key is unknown");
export const missingPermission = (permission: string): JsonReply =>
  errorReply(403, "ForbiddenError", "missing_permission", `The API key lacks ${permission}`);
export const permissionEscalation = (): JsonReply =>
  errorReply(403, "ForbiddenError", "permission_escalation", "A key cannot grant what it does not hold");
export const taken = (): JsonReply => errorReply(403, "IsTakenError", "resource_taken", "Inbox is taken");
export const limitExceeded = (): JsonReply =>
  errorReply(403, "LimitExceededError", "limit_exceeded", "Inbox limit exceeded");
export const domainNotVerified = (): JsonReply =>
  errorReply(403, "ForbiddenError", "domain_not_verified", "Domain is not verified");
/** Also the answer to what lies outside a key's scope. */
export const notFound = (what: string): JsonReply =>
  errorReply(404, "NotFoundError", "not_found", `${what} not found`);
export const conflict = (message: string): JsonReply => errorReply(409, "ConflictError", "conflict", message);
export const resourceDeleting = (): JsonReply =>
  errorReply(409, "ConflictError", "resource_deleting", "Inbox is being deleted");
/** What the gateway in front of the provider says to a path that does not exist. */
export const noRoute = (): JsonReply => json(404, { message: "Not Found" });
/** What the gateway in front of the provider says to a body above its limit. */
export const tooLarge = (): JsonReply => json(413, { message: "Request Too Long" });

export function validationError(path: string, message: string): JsonReply {
  return json(400, {
    name: "ValidationError",
    code: "validation_error",
    message: "Invalid request",
    errors: [{ path: path === "" ? [] : path.split("/"), message }],
  });
}

/** The refusal of a body; the schema's first complaint, never the value. */
export function invalidBody(schema: TSchema, body: unknown): JsonReply {
  const first = Value.Errors(schema, body)[0];
  return validationError(first?.instancePath.slice(1) ?? "", first?.message ?? "not valid");
}

export function throttled(retryAfterSeconds: number | undefined): JsonReply {
  const reply = errorReply(429, "RateLimitError", "rate_limit_exceeded", "Rate limit exceeded");
  return retryAfterSeconds === undefined
    ? reply
    : { ...reply, headers: { "retry-after": String(retryAfterSeconds) } };
}
