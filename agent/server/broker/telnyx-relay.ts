import type { IncomingMessage, ServerResponse } from "node:http";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Mandate } from "../../skills/kit/mandate.ts";
import { ToolError } from "../../skills/kit/tool-error.ts";
import { outcomeOf, type SmsOutcome } from "../../skills/telnyx-cli/sms-outcome.ts";
import type { OutgoingSms, SmsPolicy } from "../../skills/telnyx-cli/sms-policy.ts";
import { readCapped } from "../capped-body.ts";
import { readBody, sendJson } from "../loopback/http.ts";

const REQUEST_MAX_BYTES = 64 * 1024;
const ANSWER_MAX_BYTES = 1024 * 1024;
/** Longer than the broker's own patience with the provider. */
const TIMEOUT_MS = 30_000;
/** Without dots, so that no path leads out of the broker's part for Telnyx. */
const PATH = /^\/v2\/[A-Za-z0-9_%+/-]{1,200}$/;
const MESSAGES = "/v2/messages";
const PASSED_HEADERS = ["retry-after", "x-should-retry", "x-ratelimit-reset"];

const Message = Type.Object({
  to: Type.String({ minLength: 1, maxLength: 40 }),
  text: Type.String({ minLength: 1, maxLength: 10_000 }),
  media_urls: Type.Optional(Type.Array(Type.Unknown())),
});

export interface TelnyxRelayOptions {
  /** Undefined for a standalone agent, which has no broker: everything is refused. */
  gatewayUrl: string | undefined;
  instanceId: string;
  instanceSecret: string;
  /** The rules for text messages, the same as the agent's own tool has; without them none are sent. */
  sms?: {
    policy: SmsPolicy;
    /** What the people of the open turn have asked for; undefined when there is none. */
    mandate(): Promise<Mandate | undefined>;
  };
}

/** `path` is the request's below `/telnyx`. */
export type TelnyxRelay = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

/** An answer as it is passed on; undefined when there was none that can be read. */
type Passed = { status: number; headers: Record<string, string>; text: string } | undefined;

/**
 * Passes what the `telnyx` command asks on to the platform's broker with the instance's secret, which the command itself
 * must not have. Each request is passed on once, and a message only under the rules for text messages.
 */
export function createTelnyxRelay(options: TelnyxRelayOptions): TelnyxRelay {
  const { gatewayUrl, instanceId, instanceSecret, sms } = options;
  if (gatewayUrl === undefined)
    return async (_request, response) => refuse(response, 403, "10010", "There is no platform to ask.");
  const base = `${gatewayUrl}/broker/${encodeURIComponent(instanceId)}/telnyx`;

  async function ask(method: string, path: string, body?: object): Promise<Passed> {
    try {
      const answer = await fetch(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${instanceSecret}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await readCapped(answer, ANSWER_MAX_BYTES);
      if (text === undefined) return undefined;
      const headers = PASSED_HEADERS.flatMap((name) => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      return { status: answer.status, headers: Object.fromEntries(headers), text };
    } catch {
      // Whatever failed, what matters to the caller is that nobody knows whether it was done.
      return undefined;
    }
  }

  /** One message under the rules: answered with what the provider said, or with why it was not sent. */
  async function send(body: unknown, response: ServerResponse): Promise<void> {
    if (sms === undefined) return refuse(response, 403, "10010", "Text messages are not set up.");
    if (!Value.Check(Message, body))
      return refuse(response, 422, "10015", "A message needs `to` and `text`.");
    if (body.media_urls !== undefined && body.media_urls.length > 0)
      return refuse(response, 422, "10015", "Only text can be sent, without media.");
    let passed: Passed;
    const deliver = async (message: OutgoingSms): Promise<SmsOutcome> => {
      passed = await ask("POST", MESSAGES, message);
      return passed === undefined
        ? { state: "unknown" }
        : outcomeOf(passed.status, parse(passed.text), passed.headers["retry-after"]);
    };
    const mandate = await sms.mandate();
    if (mandate === undefined) return refuse(response, 403, "10010", "Nobody has asked for a message.");
    try {
      await sms.policy.send(body, mandate, deliver);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return refuse(response, 403, "10010", error.message);
    }
    answer(response, passed);
  }

  return async (request, response, path) => {
    const { method = "GET" } = request;
    const isKnown = (method === "GET" || method === "POST") && PATH.test(path);
    if (!isKnown) return refuse(response, 403, "10010", "It is not allowed here.");
    if (method === "GET") {
      const { search } = new URL(request.url ?? "/", "http://loopback");
      return answer(response, await ask(method, `${path}${search}`));
    }
    const body = await readBody(request, REQUEST_MAX_BYTES);
    if (body === undefined) return refuse(response, 413, "10015", "The request is too large.");
    if (path !== MESSAGES) return refuse(response, 403, "10010", "Nothing but a message can be made here.");
    return send(parse(body.toString("utf8")), response);
  };
}

function answer(response: ServerResponse, passed: Passed): void {
  if (passed === undefined) {
    refuse(response, 504, "10037", "No answer; it may have been carried out: do not repeat it.");
  } else {
    const { status, headers, text } = passed;
    response.writeHead(status, { ...headers, "content-type": "application/json" }).end(text);
  }
}

/** In Telnyx's own words. */
function refuse(response: ServerResponse, status: number, code: string, detail: string): void {
  response.setHeader("x-should-retry", "false");
  sendJson(response, status, { errors: [{ code, title: "Not carried out by the platform", detail }] });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A SyntaxError would quote the message.
    return undefined;
  }
}
