import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { PlatformError } from "../../domain/errors.ts";
import { classifyFailure } from "./network-failure.ts";

const REQUEST_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

export interface JsonRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  url: string;
  /** The one header that carries the credential. */
  credential: Readonly<Record<string, string>>;
  body?: unknown;
  /** Resolve with undefined when the provider says that there is no such thing. */
  absentIsUndefined?: boolean;
}

/** What an answer with an error status means at its provider. */
export type ClassifyStatus = (response: Response, text: string) => PlatformError;

/** Sends one request, once. Resolves with the JSON of the answer. Throws `PlatformError`. */
export async function requestJson(
  fetch: typeof globalThis.fetch,
  classifyStatus: ClassifyStatus,
  { method, url, credential, body, absentIsUndefined = false }: JsonRequest,
): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: { ...credential, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    throw classifyFailure(error);
  }
  if (response.status === 404 && absentIsUndefined) return undefined;
  if (!response.ok) throw classifyStatus(response, text);
  if (text.length > MAX_ANSWER_BYTES)
    throw new PlatformError("ambiguous", { detail: "the answer is too large" });
  try {
    return JSON.parse(text);
  } catch {
    // A page of a proxy in front of the provider: nothing is known about the effect.
    throw new PlatformError("ambiguous", { detail: "the answer is not JSON" });
  }
}

/** Throws `ambiguous` for another shape, as the request may have had its effect. */
export function parseAnswer<Schema extends TSchema>(schema: Schema, answer: unknown): Static<Schema> {
  if (!Value.Check(schema, answer))
    throw new PlatformError("ambiguous", { detail: "the answer has another shape" });
  return answer;
}
