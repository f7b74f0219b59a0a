import type { Usage } from "./meter.ts";

/** What a passing answer says about money, an error that came inside a 200, and the tools that it calls. */
export interface AnswerFacts {
  usage?: Usage;
  /** Names, where this piece of the answer gives them. */
  tools?: readonly string[];
  error?: { code: number; message: string };
}

export interface AnswerReader {
  push(chunk: Uint8Array): void;
  /** Reads what is left; call once, at the end of the answer. */
  finish(): void;
}

/** Longest event or JSON document that is looked into; longer ones pass unread. */
const READABLE_MAX_CHARS = 4 * 1024 * 1024;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;

/** The usage, error and tool calls of one chat-completion object or event, as OpenRouter writes them. */
export function factsOf(document: unknown): AnswerFacts {
  const facts: AnswerFacts = {};
  if (!isRecord(document)) return facts;
  const { usage, error } = document;
  const tools = toolsOf(document.choices);
  if (tools.length > 0) facts.tools = tools;
  if (isRecord(usage)) {
    facts.usage = {
      costUsd: numberOf(usage.cost),
      promptTokens: numberOf(usage.prompt_tokens),
      completionTokens: numberOf(usage.completion_tokens),
    };
  }
  if (isRecord(error)) {
    facts.error = {
      code: numberOf(typeof error.code === "string" ? Number(error.code) : error.code),
      message: typeof error.message === "string" ? error.message : "",
    };
  }
  return facts;
}

/** Of whole messages and of their streamed parts alike. */
const toolsOf = (choices: unknown): readonly string[] =>
  listOf(choices)
    .flatMap((choice) => [choice.message, choice.delta])
    .filter(isRecord)
    .flatMap(({ tool_calls: calls }) => listOf(calls))
    .flatMap(({ function: called }) =>
      isRecord(called) && typeof called.name === "string" ? [called.name] : [],
    );

const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON (a comment, "[DONE]", an HTML page): it carries no usage.
    return undefined;
  }
}

/** Reads an answer while it passes, event by event or as one document. The bytes are not changed or kept. */
export function createAnswerReader(contentType: string, onFacts: (facts: AnswerFacts) => void): AnswerReader {
  const decoder = new TextDecoder();
  const isStream = contentType.includes("text/event-stream");
  let pending = "";
  let tooLong = false;

  const readLine = (line: string) => {
    if (line.startsWith("data:")) onFacts(factsOf(parse(line.slice(5).trim())));
  };

  return {
    push(chunk) {
      pending += decoder.decode(chunk, { stream: true });
      if (isStream) {
        const lines = pending.split("\n");
        pending = lines.pop() ?? "";
        if (!tooLong) for (const line of lines) readLine(line);
        else if (lines.length > 0) {
          tooLong = false;
          for (const line of lines.slice(1)) readLine(line);
        }
      }
      if (pending.length > READABLE_MAX_CHARS) {
        pending = "";
        tooLong = true;
      }
    },
    finish() {
      pending += decoder.decode();
      if (tooLong) return;
      if (isStream) readLine(pending);
      else onFacts(factsOf(parse(pending)));
    },
  };
}
