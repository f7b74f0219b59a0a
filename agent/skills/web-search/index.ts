import { OutOfCreditError } from "../kit/out-of-credit.ts";
import type { Skill } from "../kit/skill.ts";
import { defineTool, type ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { WEB_SEARCH_LIMITS } from "./limits.ts";
import type { Ask, SearchUsage } from "./perplexity.ts";
import { SearchParams } from "./question.ts";
import { reportOn } from "./report.ts";
import { lookAtKey } from "./setup.ts";

export interface WebSearchOptions {
  /** OpenRouter's, such as `https://openrouter.ai/api/v1`. */
  baseUrl: string;
  /** The agent's own; undefined: the skill is off. */
  key: string | undefined;
  /** Such as `perplexity/sonar`, the default. */
  modelId?: string;
  /** Whether there is no money for the model: then nothing is asked. */
  isOutOfCredit?(): boolean;
  /** A question was refused for lack of money, while others may have been answered. */
  onOutOfCredit?(): void;
  onUsage?(usage: SearchUsage): void;
}

export const DEFAULT_SEARCH_MODEL = "perplexity/sonar";

/** Searching the web: Perplexity by way of OpenRouter, which answers with its sources. */
export function createWebSearchSkill(options: WebSearchOptions): Skill {
  const { baseUrl, key, modelId = DEFAULT_SEARCH_MODEL } = options;
  /** The SDK takes fifteen megabytes, which an agent that has not searched yet does without. */
  const load = async (ownKey: string): Promise<Ask> => {
    const { createPerplexity } = await import("./perplexity.ts");
    return createPerplexity({
      ...{ baseUrl, key: ownKey, modelId },
      onUsage: (usage) => options.onUsage?.(usage),
    });
  };
  let loading: Promise<Ask> | undefined;

  async function search({ queries, ...filters }: SearchParams, signal: AbortSignal): Promise<ToolResult> {
    if (key === undefined) throw new ToolError("Searching the web is not set up for this agent.");
    if (options.isOutOfCredit?.() === true) throw new OutOfCreditError();
    loading ??= load(key);
    const ask = await loading;
    const questions = [...new Set(queries)].map((query) => ({ query, ...filters }));
    const asked = await Promise.all(
      questions.map(async (question) => ({ question, answer: await ask(question, signal).catch(refusalOf) })),
    );
    const refusals = asked.flatMap(({ answer }) => (answer instanceof ToolError ? [answer] : []));
    const outOfCredit = refusals.find((refusal) => refusal instanceof OutOfCreditError);
    if (outOfCredit !== undefined) options.onOutOfCredit?.();
    if (refusals.length === asked.length) throw outOfCredit ?? refusals[0];
    const share = Math.floor(WEB_SEARCH_LIMITS.resultMaxChars / asked.length);
    const reports = asked.map(({ question, answer }, index) => reportOn(question, index + 1, answer, share));
    return { text: reports.join("\n\n"), isForeign: true };
  }

  return {
    name: "web-search",
    tools: [
      defineTool({
        name: "web_search",
        description:
          "Search the web: a short answer with its sources for each question. About $0.01 a question; ask up to five at once.",
        parameters: SearchParams,
        effect: "none",
        timeoutMs: WEB_SEARCH_LIMITS.toolTimeoutMs,
        run: (params, { signal }) => search(params, signal),
      }),
    ],
    setup: (signal) => lookAtKey({ baseUrl, key, modelId }, signal),
  };
}

/** What was refused with a reason is told; anything else is a fault. */
function refusalOf(error: unknown): ToolError {
  if (error instanceof ToolError) return error;
  throw error;
}
