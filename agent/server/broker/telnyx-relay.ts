import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody, sendJson } from "../loopback/http.ts";

const REQUEST_MAX_BYTES = 64 * 1024;
const ANSWER_MAX_BYTES = 1024 * 1024;
/** Longer than the broker's own patience with the provider. */
const TIMEOUT_MS = 30_000;
/** Without dots, so that no path leads out of the broker's part for Telnyx. */
const PATH = /^\/v2\/[A-Za-z0-9_%+/-]{1,200}$/;
const PASSED_HEADERS = ["retry-after", "x-should-retry", "x-ratelimit-reset"];

export interface TelnyxRelayOptions {
  /** Undefined for a standalone agent, which has no broker: everything is refused. */
  gatewayUrl: string | undefined;
  instanceId: string;
  instanceSecret: string;
}

/** `path` is the request's below `/telnyx`. */
export type TelnyxRelay = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

/**
 * Passes what the `telnyx` command asks on to the platform's broker with the instance's secret, which the command itself
 * must not have. Each request is passed on once.
 */
export function createTelnyxRelay({
  gatewayUrl,
  instanceId,
  instanceSecret,
}: TelnyxRelayOptions): TelnyxRelay {
  if (gatewayUrl === undefined)
    return async (_request, response) => refuse(response, 403, "10010", "There is no platform to ask.");
  const base = `${gatewayUrl}/broker/${encodeURIComponent(instanceId)}/telnyx`;

  return async (request, response, path) => {
    const { method = "GET" } = request;
    const isKnown = (method === "GET" || method === "POST") && PATH.test(path);
    if (!isKnown) return refuse(response, 403, "10010", "It is not allowed here.");
    const body = method === "POST" ? await readBody(request, REQUEST_MAX_BYTES) : undefined;
    if (method === "POST" && body === undefined)
      return refuse(response, 413, "10015", "The request is too large.");
    const { search } = new URL(request.url ?? "/", "http://loopback");
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`${base}${path}${search}`, {
        method,
        headers: {
          authorization: `Bearer ${instanceSecret}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: new Uint8Array(body) }),
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await answer.text();
    } catch {
      // Whatever failed, what matters to the caller is that nobody knows whether it was done.
      return refuse(response, 504, "10037", "No answer; it may have been carried out: do not repeat it.");
    }
    if (text.length > ANSWER_MAX_BYTES) return refuse(response, 504, "10037", "The answer is too large.");
    for (const name of PASSED_HEADERS) {
      const value = answer.headers.get(name);
      if (value !== null) response.setHeader(name, value);
    }
    response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
  };
}

/** In Telnyx's own words. */
function refuse(response: ServerResponse, status: number, code: string, detail: string): void {
  response.setHeader("x-should-retry", "false");
  sendJson(response, status, { errors: [{ code, title: "Not carried out by the platform", detail }] });
}
