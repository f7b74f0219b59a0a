import { Type } from "typebox";
import type { Skill } from "../kit/skill.ts";
import { defineTool } from "../kit/tool.ts";
import { type Credit, readCredit } from "./credit.ts";

export interface ModelCallsOptions {
  /** For example `https://openrouter.ai/api/v1`. */
  baseUrl: string;
  /** The agent's own capped key. */
  key: string;
  models: {
    modelId: string;
    judgeModelId: string;
    visionModelId: string | undefined;
    fallbackModelIds: readonly string[];
  };
  /** What the provider has said that the turns so far have cost. */
  costs(): { turns: number; totalUsd: number; lastUsd: number };
}

/** What thinks for the agent: which models, and what they cost. The calls themselves go through the agent's model proxy. */
export function createModelCallsSkill({ baseUrl, key, models, costs }: ModelCallsOptions): Skill {
  return {
    name: "model-calls",
    tools: [
      defineTool({
        name: "model_costs",
        description: "What this agent's model calls have cost so far, and the credit that is left.",
        parameters: Type.Object({}, { additionalProperties: false }),
        effect: "none",
        timeoutMs: 15_000,
        run: async (_, { signal }) => {
          const { turns, totalUsd, lastUsd } = costs();
          const spent = `${turns} answers have cost ${usd(totalUsd)}, the last one ${usd(lastUsd)}.`;
          return { text: `${spent} ${sentenceOf(await readCredit({ baseUrl, key }, signal))}` };
        },
      }),
    ],
    setup: async (signal) => {
      const credit = await readCredit({ baseUrl, key }, signal);
      if (credit.kind === "refused")
        return { state: "off", detail: "The provider does not take the model key." };
      if (credit.kind === "unknown")
        return { state: "failing", detail: "The model provider does not answer." };
      return { state: "ready", detail: `${describe(models)}. ${sentenceOf(credit)}` };
    },
  };
}

function describe({
  modelId,
  judgeModelId,
  visionModelId,
  fallbackModelIds,
}: ModelCallsOptions["models"]): string {
  const fallbacks = fallbackModelIds.length === 0 ? "none" : fallbackModelIds.join(", ");
  return `Main ${modelId}, fast ${judgeModelId}, pictures ${visionModelId ?? modelId}, fallbacks ${fallbacks}`;
}

function sentenceOf(credit: Credit): string {
  if (credit.kind !== "known") return "How much credit is left cannot be told now.";
  return credit.remainingUsd === null
    ? "The key has no limit."
    : `${usd(credit.remainingUsd)} of credit are left.`;
}

const usd = (amount: number): string => `$${amount.toFixed(amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2)}`;
