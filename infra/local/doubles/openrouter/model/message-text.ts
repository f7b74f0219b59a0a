const CONTEXT_MARKER = "⟦openclaw:ctx⟧";
const INTERNAL_BLOCK =
  /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|$)/g;
const MARKED_BLOCK = new RegExp(
  `^[^\\n]*${CONTEXT_MARKER}[ \\t]*\\n(?:\`\`\`json\\n[\\s\\S]*?\\n\`\`\`[ \\t]*(?:\\n|$)|(?:[^\\n]*\\S[^\\n]*(?:\\n|$))*)`,
  "gm",
);
const TRAILING_CONTEXT = new RegExp(`^Context: ${CONTEXT_MARKER}[\\s\\S]*`, "m");
const DELIVERY_HINT = /^Delivery: (?:to send|Final assistant text|No visible reply)[^\n]*\n?/gm;
const RUNTIME_TAIL = /\n\nRuntime: agent=[\s\S]*$/;
const TIMESTAMP = /^\[[A-Za-z]{3} \d{4}-\d{2}-\d{2} \d{2}:\d{2}[^\]]*\] */;

/** The text of a message's content: a string, or the text parts of a list with what the others were. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map(partText).join("\n");
}

function partText(part: unknown): string {
  if (typeof part !== "object" || part === null) return "";
  if ("text" in part && typeof part.text === "string") return part.text;
  return "type" in part && typeof part.type === "string" ? `[${part.type}]` : "";
}

/**
 * What the person wrote, without what the agent runtime wrapped around it (conversation info, the internal
 * context it appends as a user message of its own, time stamps). Empty when the message was the runtime's alone.
 */
export function personText(content: unknown): string {
  return textOf(content)
    .replace(INTERNAL_BLOCK, "")
    .replace(TRAILING_CONTEXT, "")
    .replace(MARKED_BLOCK, "")
    .replace(DELIVERY_HINT, "")
    .replace(RUNTIME_TAIL, "")
    .trim()
    .replace(TIMESTAMP, "")
    .trim();
}
