import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "../loopback/http.ts";
import type { MoneyBreaker } from "./breaker.ts";
import { parseChatRequest } from "./chat-request.ts";
import { forward, type ModelUpstream } from "./forward.ts";
import { PROBE_ANSWER, sendLocalCompletion, sendModelError } from "./local-answer.ts";
import { createMeter, type Meter, type Usage } from "./meter.ts";

export const MODEL_PROXY_LIMITS = {
  /** Images travel inline, so a request may be large. */
  requestMaxBytes: 32 * 1024 * 1024,
  /** Of all requests that are being read or passed on. */
  heldMaxBytes: 64 * 1024 * 1024,
  maxConcurrent: 8,
  /** More than this in a minute is a loop, not a conversation. */
  maxPerMinute: 120,
} as const;

/** What of the provider's API the gateway may use. Everything about keys and credits is left out. */
const ALLOWED = new Set(["GET /models", "POST /chat/completions"]);

export interface ModelProxy {
  readonly meter: Meter;
  /** Handles a request below `/llm`; `path` is what follows it, without query. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
  /** Chat requests whose last user text contains this nonce are answered here, until another one is set. */
  setProbe(nonce: string | undefined): void;
  /** Refuses everything from now on and aborts what is in flight. Final. */
  cut(): void;
}

export function createModelProxy(options: {
  upstream: ModelUpstream;
  breaker: MoneyBreaker;
  /** The model calls a tool; called before the gateway hears of it. */
  onToolCall(name: string): void;
  onUsage?(usage: Usage): void;
  /** For tests: see `FORWARD_LIMITS`. */
  retryAfterMs?: readonly number[];
}): ModelProxy {
  const { breaker } = options;
  const upstream = { ...options.upstream, baseUrl: options.upstream.baseUrl.replace(/\/+$/, "") };
  const meter = createMeter();
  const cut = new AbortController();
  const takenAtMs: number[] = [];
  let inFlight = 0;
  let heldBytes = 0;
  let probeNonce: string | undefined;

  const refuse = (response: ServerResponse, status: number, message: string) => {
    meter.countLocal();
    sendModelError(response, status, message);
  };

  const isTooFast = (nowMs: number): boolean => {
    while (takenAtMs[0] !== undefined && takenAtMs[0] <= nowMs - 60_000) takenAtMs.shift();
    return takenAtMs.length >= MODEL_PROXY_LIMITS.maxPerMinute;
  };

  /** Reads, answers or passes on one request that was let in; `hold` says whether so many more bytes may be held. */
  async function take(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    hold: (bytes: number) => boolean,
  ): Promise<void> {
    let body = await readBody(request, MODEL_PROXY_LIMITS.requestMaxBytes, hold);
    if (body === undefined) return refuse(response, 413, "the request is too large");
    if (cut.signal.aborted) return refuse(response, 403, "model access has ended");
    if (path === "/chat/completions") {
      const chat = parseChatRequest(body, upstream);
      if (!chat) return refuse(response, 400, "not a chat completion request");
      if (probeNonce !== undefined && chat.lastUserText.includes(probeNonce)) {
        meter.countLocal();
        return sendLocalCompletion(response, chat, PROBE_ANSWER);
      }
      body = chat.pinned;
    }
    if (breaker.open) return refuse(response, 402, "the agent has no credits left");
    await forward({ ...options, upstream, meter, cut: cut.signal }, request, response, path, body);
  }

  return {
    meter,
    setProbe(nonce) {
      probeNonce = nonce;
    },
    cut() {
      cut.abort();
    },
    async handle(request, response, path) {
      if (!ALLOWED.has(`${request.method} ${path}`)) return refuse(response, 404, "not available");
      if (cut.signal.aborted) return refuse(response, 403, "model access has ended");
      if (inFlight >= MODEL_PROXY_LIMITS.maxConcurrent || isTooFast(Date.now())) {
        response.setHeader("retry-after", "5");
        return refuse(response, 429, "too many model requests");
      }
      inFlight += 1;
      takenAtMs.push(Date.now());
      let ownBytes = 0;
      const hold = (bytes: number): boolean => {
        if (heldBytes + bytes > MODEL_PROXY_LIMITS.heldMaxBytes) return false;
        heldBytes += bytes;
        ownBytes += bytes;
        return true;
      };
      try {
        await take(request, response, path, hold);
      } finally {
        inFlight -= 1;
        heldBytes -= ownBytes;
      }
    },
  };
}
