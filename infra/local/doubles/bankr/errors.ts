import { type JsonReply, json } from "../base/reply.ts";

/** A Bankr error body: `{error, message}`. */
export const errorReply = (
  status: number,
  error: string,
  message: string = error,
  extra: Record<string, unknown> = {},
): JsonReply => json(status, { error, message, ...extra });

export const badRequest = (message: string): JsonReply => errorReply(400, "Invalid request", message);
export const walletNotFound = (): JsonReply => errorReply(404, "Wallet not found");

export function throttled(retryAfterSeconds: number | undefined): JsonReply {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  const seconds = retryAfterSeconds ?? 60;
  return json(429, { error: "Rate limit exceeded", message: `Retry after ${seconds} seconds` }, headers);
}
