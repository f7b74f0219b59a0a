/** What the proxy reads of a chat completion request. The words in it are looked at, never kept or logged. */
export interface ChatRequest {
  model: string;
  stream: boolean;
  /** Text of the last message that a person (or a probe) wrote; "" when there is none. */
  lastUserText: string;
}

/** openclaw adds what it knows about a turn as a further user message, after the real one. */
const INTERNAL_CONTEXT = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("\n");
}

/** Reads a chat completion request; undefined when it is not one. */
export function parseChatRequest(body: Buffer): ChatRequest | undefined {
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
  return { model: document.model, stream: document.stream === true, lastUserText: lastUserText ?? "" };
}
