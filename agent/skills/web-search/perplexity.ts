import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { generateText } from "ai";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { cappedFetch } from "../../server/broker/capped-fetch.ts";
import { WEB_SEARCH_LIMITS } from "./limits.ts";
import { filtersOf, instructionsFor, type Question } from "./question.ts";
import { searchFailure, searchRefusal } from "./search-failure.ts";
import { type Source, sourcesOf } from "./sources.ts";

export interface Answer {
  text: string;
  sources: readonly Source[];
  costUsd: number | undefined;
}

export interface SearchUsage {
  costUsd: number;
  promptTokens: number;
  completionTokens: number;
}

export interface PerplexityOptions {
  /** OpenRouter's, such as `https://openrouter.ai/api/v1`. */
  baseUrl: string;
  key: string;
  /** Such as `perplexity/sonar`. */
  modelId: string;
  /** Called with what each answer cost, also when it is of no use. */
  onUsage(usage: SearchUsage): void;
}

const Metadata = Type.Object({ openrouter: Type.Object({ usage: Type.Object({ cost: Type.Number() }) }) });

/** Asks one question, once. Throws ToolError with the reason, or the signal's. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Answer>;

export function createPerplexity({ baseUrl, key, modelId, onUsage }: PerplexityOptions): Ask {
  const provider = createOpenRouter({
    apiKey: key,
    baseURL: baseUrl,
    compatibility: "strict",
    fetch: cappedFetch(WEB_SEARCH_LIMITS.answerMaxBytes),
  });
  const model = provider.chat(modelId, { usage: { include: true } });

  return async (question, signal) => {
    const overdue = AbortSignal.timeout(WEB_SEARCH_LIMITS.queryTimeoutMs);
    const result = await generateText({
      model,
      instructions: instructionsFor(question, Date.now()),
      prompt: question.query,
      maxOutputTokens: WEB_SEARCH_LIMITS.answerMaxTokens,
      maxRetries: 0,
      abortSignal: AbortSignal.any([signal, overdue]),
      include: { responseBody: true },
      providerOptions: { openrouter: filtersOf(question) },
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw searchFailure(error);
    });
    const { finishReason, providerMetadata, response, sources, text, usage } = result;
    const costUsd = Value.Check(Metadata, providerMetadata)
      ? providerMetadata.openrouter.usage.cost
      : undefined;
    onUsage({
      costUsd: costUsd ?? 0,
      promptTokens: usage.inputTokens ?? 0,
      completionTokens: usage.outputTokens ?? 0,
    });
    // The provider answers 200 also when the model broke off; half an answer may say the opposite of the whole.
    if (finishReason !== "stop" && finishReason !== "length") throw searchRefusal("broken-off");
    if (text.trim() === "") throw searchRefusal("empty");
    const cited = sources.flatMap((source) =>
      source.sourceType === "url" ? [{ url: source.url, ...(source.title && { title: source.title }) }] : [],
    );
    return { text, sources: sourcesOf(cited, response.body), costUsd };
  };
}
