import type { ChatMessage, CompletionRequest } from "../completion-request.ts";
import { personText, textOf } from "./message-text.ts";

/** A request as the stand-in sees it. */
export interface Conversation {
  /** System prompts and the runtime's own context, in order. */
  prompts: string[];
  /** What people wrote, oldest first. */
  said: string[];
  /** Tool calls made since the last thing a person wrote, oldest first. */
  calls: { name: string; argumentsJson: string }[];
  /** Results of those calls, oldest first. */
  results: string[];
  offeredTools: ReadonlySet<string>;
}

export function readConversation(request: CompletionRequest): Conversation {
  const conversation: Conversation = {
    prompts: [],
    said: [],
    calls: [],
    results: [],
    offeredTools: new Set(request.tools?.flatMap((tool) => (tool.function ? [tool.function.name] : []))),
  };
  for (const message of request.messages) take(conversation, message);
  return conversation;
}

function take(conversation: Conversation, message: ChatMessage): void {
  const { role, content } = message;
  if (role === "system" || role === "developer") conversation.prompts.push(textOf(content));
  else if (role === "tool") conversation.results.push(textOf(content));
  else if (role === "assistant") {
    for (const call of message.tool_calls ?? []) {
      conversation.calls.push({ name: call.function.name, argumentsJson: call.function.arguments });
    }
  } else if (role === "user") {
    const text = personText(content);
    if (text === "") {
      conversation.prompts.push(textOf(content));
      return;
    }
    conversation.said.push(text);
    conversation.calls = [];
    conversation.results = [];
  }
}
