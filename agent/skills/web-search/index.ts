import { OutOfCreditError } from "../kit/out-of-credit.ts";
import type { Skill } from "../kit/skill.ts";
import { defineTool, type ToolResult } from "../kit/tool.ts";
import { ToolError } from "../kit/tool-error.ts";
import { WEB_SEARCH_LIMITS } from "./limits.ts";
import { type Answer, createPerplexity, type SearchUsage } from "./perplexity.ts";
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
  const ask =
    key === undefined
      ? undefined
      : createPerplexity({ baseUrl, key, modelId, onUsage: (usage) => options.onUsage?.(usage) });

  async function search({ queries, ...filters }: SearchParams, signal: AbortSignal): Promise<ToolResult> {
    if (ask === undefined) throw new ToolError("Searching the web is not set up for this agent.");
    if (options.isOutOfCredit?.() === true) throw new OutOfCreditError();
    const questions = [...new Set(queries)].map((query) => ({ query, ...filters }));
    const answers = await Promise.all(
      questions.map((question) => ask(question, signal).catch((error: unknown) => refusalOf(error))),
    );
    const refusals = answers.filter((answer) => answer instanceof ToolError);
    const outOfCredit = refusals.find((refusal) => refusal instanceof OutOfCreditError);
    if (outOfCredit !== undefined) options.onOutOfCredit?.();
    if (refusals.length === answers.length) throw outOfCredit ?? refusals[0];
    const share = Math.floor(WEB_SEARCH_LIMITS.resultMaxChars / questions.length);
    const reports = questions.map((question, index) => {
      const answer = answers[index];
      const said =
        answer === undefined || answer instanceof ToolError ? { refusal: String(answer?.message) } : answer;
      return reportOn(question, index + 1, said, share);
    });
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
function refusalOf(error: unknown): ToolError | Answer {
  if (error instanceof ToolError) return error;
  throw error;
}
