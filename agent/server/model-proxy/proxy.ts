import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "../loopback/http.ts";
import type { MoneyBreaker } from "./breaker.ts";
import { parseChatRequest } from "./chat-request.ts";
import { forward, type ModelUpstream } from "./forward.ts";
import { PROBE_ANSWER, sendLocalCompletion, sendModelError } from "./local-answer.ts";
import { createMeter, type Meter } from "./meter.ts";

export const MODEL_PROXY_LIMITS = {
  /** Images travel inline, so a request may be large. */
  requestMaxBytes: 32 * 1024 * 1024,
  maxConcurrent: 8,
  /** More than this in a minute is a loop, not a conversation. */
  maxPerMinute: 120,
} as const;

/** What of the provider's API the gateway may use. Everything about keys and credits is left out. */
const ALLOWED = new Set([
  "GET /models",
  "POST /chat/completions",
  "POST /embeddings",
  "POST /audio/transcriptions",
]);

export interface ModelProxy {
  readonly meter: Meter;
  /** Handles a request below `/llm`; `path` is what follows it, without query. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
  /** Chat requests whose last user text contains this nonce are answered here, until another one is set. */
  setProbe(nonce: string | undefined): void;
  /** Refuses everything from now on and aborts what is in flight. Final. */
  cut(): void;
}

export function createModelProxy(options: { upstream: ModelUpstream; breaker: MoneyBreaker }): ModelProxy {
  const { breaker } = options;
  const upstream = { ...options.upstream, baseUrl: options.upstream.baseUrl.replace(/\/+$/, "") };
  const meter = createMeter();
  const cut = new AbortController();
  const sentAtMs: number[] = [];
  let inFlight = 0;
  let probeNonce: string | undefined;

  const refuse = (response: ServerResponse, status: number, message: string) => {
    meter.countLocal();
    sendModelError(response, status, message);
  };

  const isTooFast = (nowMs: number): boolean => {
    while (sentAtMs[0] !== undefined && sentAtMs[0] <= nowMs - 60_000) sentAtMs.shift();
    return sentAtMs.length >= MODEL_PROXY_LIMITS.maxPerMinute;
  };

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
      const body = await readBody(request, MODEL_PROXY_LIMITS.requestMaxBytes);
      if (body === undefined) return refuse(response, 413, "the request is too large");
      if (cut.signal.aborted) return refuse(response, 403, "model access has ended");
      if (path === "/chat/completions") {
        const chat = parseChatRequest(body);
        if (!chat) return refuse(response, 400, "not a chat completion request");
        if (probeNonce !== undefined && chat.lastUserText.includes(probeNonce)) {
          meter.countLocal();
          return sendLocalCompletion(response, chat, PROBE_ANSWER);
        }
      }
      if (breaker.open) return refuse(response, 402, "the agent has no credits left");
      if (inFlight >= MODEL_PROXY_LIMITS.maxConcurrent || isTooFast(Date.now())) {
        response.setHeader("retry-after", "5");
        return refuse(response, 429, "too many model requests");
      }
      inFlight += 1;
      sentAtMs.push(Date.now());
      try {
        await forward({ upstream, breaker, meter, cut: cut.signal }, request, response, path, body);
      } finally {
        inFlight -= 1;
      }
    },
  };
}
