import type { Model } from "./models.ts";

/** A catalogue entry as `GET /models` shows it, with every field the provider's SDK insists on. */
export function modelObject(model: Model): Record<string, unknown> {
  return {
    id: model.id,
    canonical_slug: model.id.replace(/:free$/, ""),
    name: model.name,
    created: 1_735_689_600,
    description: "Answered by the local stand-in.",
    context_length: model.contextLength,
    architecture: {
      modality: "text+image->text",
      input_modalities: ["text", "image"],
      output_modalities: ["text"],
      tokenizer: "Other",
      instruct_type: null,
    },
    pricing: {
      prompt: decimal(model.promptUsd),
      completion: decimal(model.completionUsd),
      request: "0",
      image: "0",
    },
    top_provider: { context_length: model.contextLength, max_completion_tokens: 64_000, is_moderated: false },
    per_request_limits: null,
    default_parameters: null,
    supported_voices: null,
    links: { details: `/api/v1/models/${model.id}/endpoints` },
    supported_parameters: ["max_tokens", "temperature", "tools", "tool_choice"],
  };
}

/** Prices are decimal strings on the wire, never in exponent form. */
const decimal = (usd: number): string => (usd === 0 ? "0" : usd.toFixed(12).replace(/0+$/, ""));
