import { type JsonReply, json } from "../base/reply.ts";

/** An OpenRouter error body: `{error: {code, message, metadata: {error_type}}}`, the code equal to the HTTP status. */
export function errorReply(
  status: number,
  errorType: string,
  message: string,
  headers: Record<string, string> = {},
  extra: Record<string, unknown> = {},
): JsonReply {
  return json(
    status,
    { error: { code: status, message, metadata: { error_type: errorType }, ...extra } },
    headers,
  );
}

export const badRequest = (message: string): JsonReply => errorReply(400, "invalid_request", message);
export const missingCredentials = (): JsonReply =>
  errorReply(401, "authentication", "Missing Authentication header");
export const noCredentials = (): JsonReply => errorReply(401, "authentication", "No auth credentials found");
/** The answer to a key that is unknown, deleted, disabled or expired: the provider tells no difference. */
export const userNotFound = (): JsonReply => errorReply(401, "authentication", "User not found.");
export const managementOnly = (): JsonReply =>
  errorReply(403, "permission_denied", "Only management keys can perform this operation");
export const notForManagement = (): JsonReply =>
  errorReply(403, "permission_denied", "Management keys cannot be used for completions");
export const resourceNotFound = (): JsonReply => errorReply(404, "not_found", "Resource not found");

export function throttled(retryAfterSeconds: number | undefined): JsonReply {
  const headers = retryAfterSeconds === undefined ? undefined : { "retry-after": String(retryAfterSeconds) };
  return errorReply(429, "rate_limit_exceeded", "Rate limit exceeded", headers);
}
