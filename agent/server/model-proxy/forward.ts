import type { IncomingMessage, ServerResponse } from "node:http";
import { pause } from "../wake.ts";
import { createAnswerReader } from "./answer-reader.ts";
import { isRefusalForMoney, type MoneyBreaker } from "./breaker.ts";
import { sendModelError } from "./local-answer.ts";
import type { Meter, Usage } from "./meter.ts";

export interface ModelUpstream {
  /** For example `https://openrouter.ai/api/v1`; paths are appended. */
  baseUrl: string;
  /** The agent's own capped key. It never leaves this process but towards `baseUrl`. */
  key: string;
  /** The model that the key is meant for. */
  modelId: string;
  /** Another one, that decides whether the agent is wanted. */
  judgeModelId?: string;
  /** Another one, for requests with pictures. */
  visionModelId?: string | undefined;
  /** Those that the provider may take instead, in this order, when a model does not answer. */
  fallbackModelIds?: readonly string[];
}

export const FORWARD_LIMITS = {
  firstByteTimeoutMs: 180_000,
  /** Longest silence inside a streamed answer. */
  idleTimeoutMs: 120_000,
  /** A provider that is overloaded is asked again so often, after these times or what it says itself. */
  retryAfterMs: [1_000, 3_000],
  retryAfterMaxMs: 10_000,
  /** Of a refusal, no more than this is read and passed on. */
  refusalMaxBytes: 64 * 1024,
} as const;

/** Headers of the provider's answer that are passed on; fetch has already undone encodings. */
const PASSED_HEADERS = ["content-type", "cache-control", "retry-after"];

export interface ForwardContext {
  upstream: ModelUpstream;
  breaker: MoneyBreaker;
  meter: Meter;
  /** The model calls a tool; called before the call is passed on. */
  onToolCall(name: string): void;
  /** What the provider says that a request has cost. */
  onUsage?(usage: Usage): void;
  /** For tests: shorter times. */
  retryAfterMs?: readonly number[];
  /** Aborts the request at once. */
  cut: AbortSignal;
}

/**
 * Sends one request to the provider and passes the answer through as it comes. Ends when the client goes, when
 * the provider falls silent or when `cut` aborts. The breaker is open before the client sees a refusal for money.
 */
export async function forward(
  context: ForwardContext,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: Buffer,
): Promise<void> {
  const { upstream, breaker, meter, onToolCall, cut } = context;
  const watchdog = new AbortController();
  const abort = () => watchdog.abort();
  const signal = AbortSignal.any([watchdog.signal, cut]);
  let timer = setTimeout(abort, FORWARD_LIMITS.firstByteTimeoutMs);
  let counted: Usage = { costUsd: 0, promptTokens: 0, completionTokens: 0 };
  response.once("close", abort);
  try {
    const ask = (): Promise<Response> => {
      meter.countRequest();
      return fetch(`${upstream.baseUrl}${path}`, {
        method: request.method ?? "GET",
        headers: {
          authorization: `Bearer ${upstream.key}`,
          accept: request.headers.accept ?? "application/json",
          ...(body.length > 0 && { "content-type": request.headers["content-type"] ?? "application/json" }),
        },
        ...(body.length > 0 && { body: new Uint8Array(body) }),
        redirect: "error",
        signal,
      });
    };
    const waitsMs = context.retryAfterMs ?? FORWARD_LIMITS.retryAfterMs;
    const answer = await askPatiently(ask, waitsMs, () => !breaker.open, signal);
    if (answer.status === 402) breaker.trip();
    if (!answer.ok) {
      const refusal = await readRefusal(answer);
      if (isRefusalForMoney(answer.status, refusal.toString("utf8"))) breaker.trip();
      response.writeHead(answer.status, passedHeaders(answer));
      response.end(refusal);
      return;
    }
    const reader = createAnswerReader(answer.headers.get("content-type") ?? "", (facts) => {
      for (const name of facts.tools ?? []) onToolCall(name);
      if (facts.usage) {
        // Some models tell it with every piece, each time of all so far.
        const more = beyond(counted, facts.usage);
        counted = facts.usage;
        meter.addUsage(more);
        context.onUsage?.(more);
      }
      if (facts.error && isRefusalForMoney(facts.error.code, facts.error.message)) breaker.trip();
    });
    response.writeHead(answer.status, passedHeaders(answer));
    for await (const chunk of answer.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(abort, FORWARD_LIMITS.idleTimeoutMs);
      reader.push(chunk);
      if (!response.write(chunk)) await drained(response, signal);
    }
    reader.finish();
    response.end();
  } catch {
    // The reason may quote the provider's address or the request; the gateway only needs to know it failed.
    if (response.headersSent) response.destroy();
    else if (cut.aborted) sendModelError(response, 403, "model access has ended");
    else sendModelError(response, 502, "the model could not be reached");
  } finally {
    clearTimeout(timer);
    response.off("close", abort);
  }
}

const beyond = (before: Usage, now: Usage): Usage => ({
  costUsd: Math.max(0, now.costUsd - before.costUsd),
  promptTokens: Math.max(0, now.promptTokens - before.promptTokens),
  completionTokens: Math.max(0, now.completionTokens - before.completionTokens),
});

const OVERLOADED: ReadonlySet<number> = new Set([429, 502, 503, 529]);

/**
 * Asks again while the provider says that it has too much to do and `mayAsk` holds, which is looked at after each wait; the
 * last answer counts, whatever it is.
 */
async function askPatiently(
  ask: () => Promise<Response>,
  waitsMs: readonly number[],
  mayAsk: () => boolean,
  signal: AbortSignal,
): Promise<Response> {
  let answer = await ask();
  for (const waitMs of waitsMs) {
    if (!OVERLOADED.has(answer.status)) return answer;
    const toldMs = Number(answer.headers.get("retry-after") ?? 0) * 1_000;
    if (toldMs > FORWARD_LIMITS.retryAfterMaxMs) return answer;
    await pause(Math.max(waitMs, toldMs || 0), signal);
    signal.throwIfAborted();
    if (!mayAsk()) return answer;
    await answer.body?.cancel();
    answer = await ask();
  }
  return answer;
}

const passedHeaders = (answer: Response): Record<string, string> =>
  Object.fromEntries(
    PASSED_HEADERS.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

/** The beginning of a refusal's body. */
async function readRefusal(answer: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= FORWARD_LIMITS.refusalMaxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, FORWARD_LIMITS.refusalMaxBytes);
}

/** Waits until the client has taken what was written; rejects when `signal` aborts. */
function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("aborted"));
    const onDrain = () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = () => {
      response.off("drain", onDrain);
      reject(new Error("aborted"));
    };
    response.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
