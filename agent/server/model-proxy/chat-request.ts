import type { ModelUpstream } from "./forward.ts";

/** What the proxy reads of a chat completion request. The words in it are looked at, never kept or logged. */
export interface ChatRequest {
  model: string;
  stream: boolean;
  /** The same request for the model it may use, at whatever provider; ready to be sent. */
  pinned: Buffer;
  /** Text of the last message that a person (or a probe) wrote; "" when there is none. */
  lastUserText: string;
}

/** By these OpenRouter would choose other models, or charge for more than the model. */
const OVERRIDES = ["models", "route", "preset", "plugins", "provider", "web_search_options"];

/** openclaw adds what it knows about a turn as a further user message, after the real one. */
const INTERNAL_CONTEXT = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("\n");
}

const hasPicture = (message: unknown): boolean =>
  isRecord(message) &&
  Array.isArray(message.content) &&
  message.content.some((part) => isRecord(part) && part.type === "image_url");

/** Reads a chat completion request and pins it to one of the models; undefined when it is not one. */
export function parseChatRequest(
  body: Buffer,
  models: Pick<ModelUpstream, "modelId" | "judgeModelId" | "visionModelId" | "fallbackModelIds">,
): ChatRequest | undefined {
  const { judgeModelId, visionModelId, fallbackModelIds = [] } = models;
  let document: unknown;
  try {
    document = JSON.parse(body.toString("utf8"));
  } catch {
    // Not JSON: refused by the caller, whatever it was.
    return undefined;
  }
  if (!isRecord(document) || typeof document.model !== "string" || !Array.isArray(document.messages)) {
    return undefined;
  }
  const lastUserText = document.messages
    .filter((message) => isRecord(message) && message.role === "user")
    .map((message) => textOf(message.content))
    .findLast((text) => !text.trimStart().startsWith(INTERNAL_CONTEXT));
  // Where one model does both, nothing tells a question of the judge from another request: each may need eyes.
  const isJudged = judgeModelId !== models.modelId && document.model === judgeModelId;
  const thinking = document.messages.some(hasPicture) ? visionModelId : undefined;
  const model = isJudged ? judgeModelId : (thinking ?? models.modelId);
  const fallbacks = fallbackModelIds.filter((id) => id !== model);
  const kept = Object.entries(document).filter(([name]) => !OVERRIDES.includes(name));
  return {
    model,
    stream: document.stream === true,
    pinned: Buffer.from(
      JSON.stringify({
        ...Object.fromEntries(kept),
        model,
        ...(fallbacks.length > 0 && { models: [model, ...fallbacks] }),
      }),
    ),
    lastUserText: lastUserText ?? "",
  };
}
