import { setTimeout as sleep } from "node:timers/promises";
import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { isRefusalForMoney, type MoneyBreaker } from "../../server/model-proxy/breaker.ts";
import { OutOfCreditError } from "../kit/out-of-credit.ts";
import { ToolError } from "../kit/tool-error.ts";
import { VOICE_LIMITS } from "./limits.ts";
import { readAnswer } from "./read-answer.ts";

export interface AudioApiOptions {
  /** For example `https://openrouter.ai/api/v1`; paths are appended. */
  baseUrl: string;
  /** The agent's own capped key. */
  key: string;
  /** Stops this and every other request for the model after the first refusal for money. */
  breaker: Pick<MoneyBreaker, "open" | "trip">;
  models: AudioModels;
  /** Told what each answer has cost, in USD, where the provider says it. */
  onCost(costUsd: number): void;
}

export interface AudioModels {
  transcription: string;
  speech: string;
}

export interface Heard {
  text: string;
  /** What the provider billed, where it says so. */
  seconds: number | undefined;
  costUsd: number;
}

export interface Spoken {
  mp3: Buffer;
  /** Undefined when the provider did not say. */
  costUsd: number | undefined;
}

/** OpenRouter's audio endpoints. Every call throws ToolError with what the model may know, OutOfCreditError for want of money. */
export interface AudioApi {
  /** `format` is the container's name as the provider knows it: wav, mp3, flac, m4a, ogg, aac. */
  transcribe(
    bytes: Uint8Array,
    format: string,
    language: string | undefined,
    signal: AbortSignal,
  ): Promise<Heard>;
  speak(text: string, voice: string, language: string | undefined, signal: AbortSignal): Promise<Spoken>;
  /** Whether the key is accepted and has money left; costs nothing. */
  checkKey(signal: AbortSignal): Promise<"usable" | "refused" | "out-of-credit" | "unreachable">;
}

const Transcription = Type.Object({
  text: Type.String(),
  usage: Type.Optional(
    Type.Object({ cost: Type.Optional(Type.Number()), seconds: Type.Optional(Type.Number()) }),
  ),
});
const Generation = Type.Object({ data: Type.Object({ total_cost: Type.Number({ minimum: 0 }) }) });
const KeyFacts = Type.Object({
  data: Type.Object({ limit_remaining: Type.Union([Type.Null(), Type.Number()]) }),
});

const RETRY_AFTER_MS = 1_000;
const COST_TIMEOUT_MS = 3_000;
/** The provider may need a moment until it knows what a speech has cost. */
const COST_ATTEMPTS = 3;

interface Answer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export function createAudioApi({ baseUrl, key, breaker, models, onCost }: AudioApiOptions): AudioApi {
  /** One request; undefined when no whole answer came. Rejects only with the caller's reason. */
  const request = async (
    path: string,
    body: unknown,
    maxBytes: number,
    signal: AbortSignal,
    timeoutMs: number = VOICE_LIMITS.requestTimeoutMs,
  ): Promise<Answer | undefined> => {
    try {
      const response = await fetch(`${baseUrl}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const { status, headers } = response;
      return { status, headers, body: await readAnswer(response, maxBytes) };
    } catch {
      // The reason may quote the provider's address; the caller only needs to know that there is no answer.
      signal.throwIfAborted();
      return undefined;
    }
  };

  const post = async (
    path: string,
    body: unknown,
    maxBytes: number,
    mayRetry: (answer: Answer | undefined) => boolean,
    signal: AbortSignal,
  ): Promise<Answer> => {
    if (breaker.open) throw new OutOfCreditError();
    let answer = await request(path, body, maxBytes, signal);
    if (mayRetry(answer)) {
      await sleep(retryAfterMs(answer), undefined, { signal });
      answer = await request(path, body, maxBytes, signal);
    }
    if (answer?.status === 200) return answer;
    if (answer && isRefusalForMoney(answer.status, answer.body.toString("utf8"))) {
      breaker.trip();
      throw new OutOfCreditError();
    }
    throw refusal(answer?.status);
  };

  const costOf = async (id: string | null, signal: AbortSignal): Promise<number | undefined> => {
    if (id === null) return undefined;
    const path = `/generation?id=${encodeURIComponent(id)}`;
    for (let attempt = 1; attempt <= COST_ATTEMPTS; attempt += 1) {
      const answer = await request(path, undefined, VOICE_LIMITS.jsonMaxBytes, signal, COST_TIMEOUT_MS);
      if (answer?.status === 200) return parse(Generation, answer.body)?.data.total_cost;
      if (attempt < COST_ATTEMPTS) await sleep(RETRY_AFTER_MS, undefined, { signal });
    }
    return undefined;
  };

  return {
    async transcribe(bytes, format, language, signal) {
      const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
      const body = {
        model: models.transcription,
        input_audio: { data, format },
        ...(language !== undefined && { language: language.slice(0, 2).toLowerCase() }),
      };
      const isTemporary = (answer: Answer | undefined): boolean =>
        answer === undefined || answer.status === 429 || answer.status >= 500;
      const answer = await post(
        "/audio/transcriptions",
        body,
        VOICE_LIMITS.jsonMaxBytes,
        isTemporary,
        signal,
      );
      const heard = parse(Transcription, answer.body);
      if (!heard) throw refusal(undefined);
      const { cost = 0, seconds } = heard.usage ?? {};
      onCost(cost);
      return { text: heard.text.trim(), seconds, costUsd: cost };
    },
    async speak(text, voice, language, signal) {
      const instructions = language === undefined ? undefined : `Speak ${nameOf(language)}.`;
      const body = {
        model: models.speech,
        input: text,
        voice,
        response_format: "mp3",
        ...(instructions !== undefined && { provider: { options: { openai: { instructions } } } }),
      };
      // Only when it has surely not been spoken: a second time would cost again.
      const isThrottled = (answer: Answer | undefined): boolean => answer?.status === 429;
      const answer = await post("/audio/speech", body, VOICE_LIMITS.speechMaxBytes, isThrottled, signal);
      const isMp3 = /^audio\/(mpeg|mp3)\b/.test(answer.headers.get("content-type") ?? "");
      if (!isMp3 || answer.body.length === 0) throw refusal(undefined);
      const costUsd = await costOf(answer.headers.get("x-generation-id"), signal);
      onCost(costUsd ?? 0);
      return { mp3: answer.body, costUsd };
    },
    async checkKey(signal) {
      const answer = await request("/key", undefined, VOICE_LIMITS.jsonMaxBytes, signal);
      if (!answer || answer.status === 429 || answer.status >= 500) return "unreachable";
      if (answer.status !== 200) return "refused";
      const left = parse(KeyFacts, answer.body)?.data.limit_remaining;
      return typeof left === "number" && left <= 0 ? "out-of-credit" : "usable";
    },
  };
}

const nameOf = (language: string): string =>
  new Intl.DisplayNames(["en"], { type: "language" }).of(language) ?? language;

function retryAfterMs(answer: Answer | undefined): number {
  const seconds = Number(answer?.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, VOICE_LIMITS.maxRetryAfterMs) : RETRY_AFTER_MS;
}

/** What the model is told when an answer is no success; undefined: none came, or none that can be read. */
function refusal(status: number | undefined): ToolError {
  if (status === 400 || status === 413 || status === 422)
    return new ToolError("The audio service did not accept this. It may be damaged, or the voice unknown.");
  if (status === 429) return new ToolError("The audio service is busy. Try again in a minute.");
  if (status !== undefined && status < 500)
    return new ToolError("The audio service refused the request. Trying again will not help.");
  return new ToolError("The audio service did not answer. Try again later.");
}

function parse<Schema extends TSchema>(schema: Schema, body: Buffer): Static<Schema> | undefined {
  try {
    const document: unknown = JSON.parse(body.toString("utf8"));
    return Value.Check(schema, document) ? document : undefined;
  } catch {
    // A SyntaxError would quote what somebody said.
    return undefined;
  }
}
