import { type JsonReply, json } from "../base/reply.ts";

const ERRORS_PAGE = "https://developers.telnyx.com/docs/overview/errors/";

/** A Telnyx error body. `code` is a number written as a string; `pointer` names the field that is at fault. */
export function errorReply(
  status: number,
  code: string,
  title: string,
  detail: string,
  pointer?: string,
  headers: Record<string, string> = {},
): JsonReply {
  const source = pointer === undefined ? {} : { source: { pointer } };
  const error = { code, title, detail, ...source, meta: { url: `${ERRORS_PAGE}${code}` } };
  return json(status, { errors: [error] }, headers);
}

export const unauthorized = (): JsonReply =>
  errorReply(401, "10009", "Authentication failed", "The API key is missing, malformed or not known.");
export const notFound = (): JsonReply =>
  errorReply(404, "10005", "Resource not found", "The requested resource or URL could not be found.");
export const badRequest = (detail: string): JsonReply => errorReply(400, "10015", "Bad Request", detail);
export const missingParameter = (pointer: string): JsonReply =>
  errorReply(400, "10004", "Missing required parameter", "A required parameter was missing.", pointer);
export const unprocessable = (detail: string): JsonReply =>
  errorReply(422, "10027", "Unprocessable Entity", detail);
export const accountLimit = (): JsonReply =>
  errorReply(403, "10039", "Account limit", "The account has reached the limit of its level.");

export function throttled(retryAfterSeconds: number | undefined): JsonReply {
  const after = retryAfterSeconds === undefined ? undefined : { "retry-after": String(retryAfterSeconds) };
  return errorReply(429, "10011", "Too many requests", "You have exceeded the allowed rate.", undefined, {
    "x-ratelimit-limit": "20",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(retryAfterSeconds ?? 1),
    ...after,
  });
}
