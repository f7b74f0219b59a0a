import { randomBytes } from "node:crypto";
import type { CompletionRequest } from "../completion-request.ts";
import { type Conversation, readConversation } from "./conversation.ts";
import { type Directives, readDirectives } from "./directives.ts";
import { findInstructions } from "./instructions.ts";
import { isJudgement, judgement } from "./judgement.ts";
import { followScript, type ScriptLine } from "./script.ts";
import { smallTalk, WHO_I_AM } from "./small-talk.ts";

/** What the model does next: says something or asks for a tool, after pretending to think for `delayMs`. */
export type ModelTurn =
  | { kind: "text"; text: string; delayMs: number; search?: SearchFindings }
  | { kind: "tool"; callId: string; name: string; argumentsJson: string; delayMs: number };

/** What a model that searches says about its pages: in OpenRouter's standard form, and in Perplexity's own. */
export interface SearchFindings {
  annotations: readonly Record<string, unknown>[];
  lists: { citations: readonly string[]; search_results: readonly Record<string, unknown>[] };
}

const MAX_RESULT_CHARS = 1_500;
const MAX_CALLS_PER_MESSAGE = 8;

/**
 * The local stand-in for a language model. Each `use tool` line of a person's message is asked for once, in
 * order, so it can never loop; then the results are told. So is what a script says. Everything else is small talk.
 */
export function takeTurn(
  request: CompletionRequest,
  nowMs: number,
  script: readonly ScriptLine[] = [],
): ModelTurn {
  const conversation = readConversation(request);
  const text = conversation.said.at(-1);
  if (text === undefined) return { kind: "text", text: `Hello! ${WHO_I_AM}`, delayMs: 0 };
  if (isJudgement(conversation.prompts)) return { kind: "text", text: judgement(text), delayMs: 0 };
  const directives = followScript(script, readDirectives(text), conversation);
  const isFirst = conversation.calls.length === 0;
  const delayMs = isFirst ? directives.slowMs : 0;
  const next = nextTool(directives, conversation);
  if (next && conversation.offeredTools.has(next.name) && isJsonObject(next.argumentsJson)) {
    return { kind: "tool", callId: `call_${randomBytes(12).toString("hex")}`, ...next, delayMs };
  }
  return { kind: "text", text: say(conversation, directives, next, text, nowMs), delayMs };
}

function say(
  conversation: Conversation,
  directives: Directives,
  refused: Directives["tools"][number] | undefined,
  text: string,
  nowMs: number,
): string {
  if (directives.say !== undefined) return directives.say;
  const told = conversation.results.map((result, index) =>
    tellResult(conversation.calls[index]?.name, result),
  );
  if (refused) {
    told.push(
      conversation.offeredTools.has(refused.name)
        ? `I cannot use ${refused.name}: its arguments are not a JSON object.`
        : `I cannot use ${refused.name}: no such tool is offered to me.`,
    );
  }
  if (told.length > 0) return told.join("\n");
  if (directives.slowMs > 0) return `I took ${directives.slowMs} ms to answer.`;
  return smallTalk({
    text,
    earlier: conversation.said.slice(0, -1),
    instructions: findInstructions(conversation.prompts),
    nowMs,
  });
}

/** The first directive that was not asked for yet; a repetition of the call just made is passed over. */
function nextTool(
  directives: Directives,
  conversation: Conversation,
): Directives["tools"][number] | undefined {
  if (conversation.calls.length >= MAX_CALLS_PER_MESSAGE) return undefined;
  const last = conversation.calls.at(-1);
  const rest = directives.tools.slice(conversation.calls.length);
  return rest.find((tool) => tool.name !== last?.name || tool.argumentsJson !== last.argumentsJson);
}

function tellResult(name: string | undefined, result: string): string {
  const told = result.length > MAX_RESULT_CHARS ? `${result.slice(0, MAX_RESULT_CHARS)}…` : result;
  return `${name ?? "The tool"} answered: ${told}`;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    // A SyntaxError says no more than the answer does.
    return false;
  }
}
