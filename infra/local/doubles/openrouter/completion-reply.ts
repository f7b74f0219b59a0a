import { randomBytes } from "node:crypto";
import { json, type Reply, type StreamPart } from "../base/reply.ts";
import type { ModelTurn } from "./model/stand-in.ts";

const COMMENT: StreamPart = { text: ": OPENROUTER PROCESSING\n\n" };
const DONE: StreamPart = { text: "data: [DONE]\n\n" };
const CONTENT_PIECE_CHARS = 24;
const COMMENT_EVERY_MS = 1_000;

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  promptUsd: number;
  completionUsd: number;
  costUsd: number;
}

/** `midStreamError`: HTTP 200, then an error chunk; `finishReasonError`: a 200 that ends with reason "error". */
export type CompletionFailure = "midStreamError" | "finishReasonError" | undefined;

interface Completion {
  modelId: string;
  turn: ModelTurn;
  usage: Usage;
  failure: CompletionFailure;
  passesSearchLists: boolean;
  nowMs: number;
}

export const completionId = (nowMs: number): string =>
  `gen-${Math.floor(nowMs / 1_000)}-${randomBytes(10).toString("hex")}`;

/** The whole answer as one JSON object. */
export function wholeReply(id: string, completion: Completion): Reply {
  const { turn, failure } = completion;
  const message =
    turn.kind === "text"
      ? {
          role: "assistant",
          content: turn.text,
          refusal: null,
          reasoning: null,
          ...(turn.search && { annotations: turn.search.annotations }),
        }
      : {
          role: "assistant",
          content: null,
          refusal: null,
          reasoning: null,
          tool_calls: [{ index: 0, ...toolCall(turn) }],
        };
  const reason = failure ? "error" : finishReason(turn);
  const choice = {
    index: 0,
    logprobs: null,
    finish_reason: reason,
    native_finish_reason: reason,
    message,
    ...(failure ? { error: UPSTREAM_ERROR } : {}),
  };
  const body = {
    ...head(id, completion, "chat.completion"),
    ...(turn.kind === "text" && completion.passesSearchLists && turn.search?.lists),
    choices: [choice],
    system_fingerprint: null,
    usage: usageObject(completion.usage),
  };
  return { ...json(200, body), delayMs: turn.delayMs };
}

/** The answer as server-sent events: comments while processing, deltas, usage with no choices, `[DONE]`. */
export function streamReply(id: string, completion: Completion): Reply {
  const { turn, failure } = completion;
  const chunk = (fields: Record<string, unknown>): StreamPart => ({
    text: `data: ${JSON.stringify({ ...head(id, completion, "chat.completion.chunk"), ...fields })}\n\n`,
  });
  const choice = (delta: Record<string, unknown>, reason: string | null = null): Record<string, unknown> => ({
    choices: [{ index: 0, delta, finish_reason: reason, native_finish_reason: reason, logprobs: null }],
  });
  const deltas = turn.kind === "text" ? [...textDeltas(turn.text), ...searchDeltas(turn)] : toolDeltas(turn);
  const content = deltas.map((delta) => chunk(choice({ role: "assistant", ...delta })));
  const parts: StreamPart[] = [COMMENT, ...processing(turn.delayMs)];
  if (failure === "midStreamError") {
    const error = chunk({ error: UPSTREAM_ERROR, ...choice({ content: "" }, "error") });
    parts.push(...content.slice(0, Math.ceil(content.length / 2)), error, DONE);
  } else {
    const reason = failure === "finishReasonError" ? "error" : finishReason(turn);
    const end = chunk(choice({ role: "assistant", content: "" }, reason));
    parts.push(...content, end, chunk({ choices: [], usage: usageObject(completion.usage) }), DONE);
  }
  const headers = { "content-type": "text/event-stream", "cache-control": "no-cache", "x-generation-id": id };
  return { kind: "stream", status: 200, headers, parts };
}

const UPSTREAM_ERROR = {
  code: 502,
  message: "Provider returned error",
  metadata: { error_type: "provider_unavailable", provider_name: "Local stand-in" },
};

function head(id: string, completion: Completion, object: string): Record<string, unknown> {
  const created = Math.floor(completion.nowMs / 1_000);
  return { id, provider: "Local stand-in", model: completion.modelId, object, created };
}

const finishReason = (turn: ModelTurn): string => (turn.kind === "text" ? "stop" : "tool_calls");

const toolCall = (turn: Extract<ModelTurn, { kind: "tool" }>) => ({
  id: turn.callId,
  type: "function",
  function: { name: turn.name, arguments: turn.argumentsJson },
});

/** The arguments come in two pieces, as real models send them: a client that reads only the first is wrong. */
function toolDeltas(turn: Extract<ModelTurn, { kind: "tool" }>): Record<string, unknown>[] {
  const half = Math.ceil(turn.argumentsJson.length / 2);
  const call = toolCall(turn);
  const piece = (text: string) => ({ index: 0, function: { arguments: text } });
  return [
    { content: null, tool_calls: [{ index: 0, ...call, function: { ...call.function, arguments: "" } }] },
    { content: null, tool_calls: [piece(turn.argumentsJson.slice(0, half))] },
    { content: null, tool_calls: [piece(turn.argumentsJson.slice(half))] },
  ];
}

function textDeltas(text: string): Record<string, unknown>[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of text) {
    piece += character;
    if (piece.length < CONTENT_PIECE_CHARS) continue;
    pieces.push(piece);
    piece = "";
  }
  if (piece !== "") pieces.push(piece);
  return pieces.map((content) => ({ content }));
}

const searchDeltas = ({ search }: Extract<ModelTurn, { kind: "text" }>): Record<string, unknown>[] =>
  search === undefined ? [] : [{ content: "", annotations: search.annotations }];

/** Waiting shows as more comment lines, so that a client's idle time-out does not fire. */
function processing(delayMs: number): StreamPart[] {
  const parts: StreamPart[] = [];
  for (let left = delayMs; left > 0; left -= COMMENT_EVERY_MS) {
    parts.push({ waitMs: Math.min(left, COMMENT_EVERY_MS) }, COMMENT);
  }
  return parts;
}

function usageObject(usage: Usage): Record<string, unknown> {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    cost: usage.costUsd,
    is_byok: false,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    cost_details: {
      upstream_inference_cost: null,
      upstream_inference_prompt_cost: usage.promptUsd,
      upstream_inference_completions_cost: usage.completionUsd,
    },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}
