/** A model as the catalogue lists it. Prices are USD per token. */
export interface Model {
  id: string;
  name: string;
  contextLength: number;
  promptUsd: number;
  completionUsd: number;
  /** Whether some endpoint serves it without keeping data; impossible preferences answer 404. */
  isZeroDataRetention: boolean;
}

const perMillion = (usd: number): number => usd / 1_000_000;

const model = (
  id: string,
  name: string,
  contextLength: number,
  promptUsd: number,
  completionUsd: number,
): Model => ({
  id,
  name,
  contextLength,
  promptUsd: perMillion(promptUsd),
  completionUsd: perMillion(completionUsd),
  isZeroDataRetention: !id.endsWith(":free"),
});

/** A few entries of the real catalogue, so that prices are of the right order. All are answered by the stand-in. */
export const CATALOGUE: readonly Model[] = [
  model("openrouter/auto", "Auto Router", 2_000_000, 3, 15),
  model("anthropic/claude-sonnet-4.5", "Anthropic: Claude Sonnet 4.5", 1_000_000, 3, 15),
  model("anthropic/claude-haiku-4.5", "Anthropic: Claude Haiku 4.5", 200_000, 1, 5),
  model("openai/gpt-5-mini", "OpenAI: GPT-5 Mini", 400_000, 0.25, 2),
  model("google/gemini-2.5-flash", "Google: Gemini 2.5 Flash", 1_048_576, 0.3, 2.5),
  model("perplexity/sonar", "Perplexity: Sonar", 127_072, 1, 1),
  model("meta-llama/llama-3.3-70b-instruct:free", "Meta: Llama 3.3 70B Instruct (free)", 65_536, 0, 0),
];

const AUTHORS =
  /^(openrouter|anthropic|openai|google|perplexity|meta-llama|mistralai|deepseek|qwen|x-ai|moonshotai|z-ai|minimax|nvidia|amazon|cohere|microsoft)\/[\w.-]+$/;
const PRESET = /^@preset\/[\w-]+$/;
const VARIANT = /:(free|nitro|floor|online|extended|exacto|thinking)$/;

/**
 * The model of an id; undefined for an id the provider would not know. The real catalogue changes weekly, so
 * any id of a known author is taken, at a middling price when it is not listed here.
 */
export function findModel(id: string): Model | undefined {
  const listed = CATALOGUE.find((entry) => entry.id === id);
  if (listed) return listed;
  const base = id.replace(VARIANT, "");
  if (!AUTHORS.test(base) && !PRESET.test(base)) return undefined;
  const known = CATALOGUE.find((entry) => entry.id === base);
  if (id.endsWith(":free")) return model(id, id, 65_536, 0, 0);
  return known ? { ...known, id } : model(id, id, 200_000, 3, 15);
}
