import { ToolError } from "../kit/tool-error.ts";
import { WEB_SEARCH_LIMITS } from "./limits.ts";
import type { Answer } from "./perplexity.ts";
import type { Question } from "./question.ts";
import { isOfSites, type Source } from "./sources.ts";

const BREAKS = /[\s\p{Cc}\p{Cf}]+/gu;
/** Control characters, and what turns the direction of writing; line breaks and tabs stay. */
const UNSEEN = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;

const line = (text: string, maxChars: number): string => text.replace(BREAKS, " ").trim().slice(0, maxChars);

/** One question with its answer or why there is none, as the model reads it, within so many characters. */
export function reportOn(
  question: Question,
  number: number,
  answer: Answer | ToolError,
  maxChars: number,
): string {
  const head = `${number}. ${line(question.query, WEB_SEARCH_LIMITS.queryMaxChars)}`;
  if (answer instanceof ToolError) return `${head}\nNot answered: ${answer.message}`;
  const tail = [...sourceLines(question, answer.sources), ...costLine(answer.costUsd)].join("\n");
  const text = answer.text.replace(UNSEEN, "").trim();
  const room = Math.max(0, maxChars - head.length - tail.length - 16);
  return [head, text.length > room ? `${text.slice(0, room)} […]` : text, tail].join("\n");
}

function sourceLines({ sites }: Question, sources: readonly Source[]): string[] {
  const wanted = sites === undefined ? sources : sources.filter(({ url }) => isOfSites(url, sites));
  const others = sources.length - wanted.length;
  const lines = wanted.slice(0, WEB_SEARCH_LIMITS.sourcesMax).map(({ number, title, url, date }) => {
    const name = title === undefined ? "" : `${line(title, WEB_SEARCH_LIMITS.titleMaxChars)} — `;
    return `[${number}] ${name}${url}${date === undefined ? "" : ` (${date})`}`;
  });
  if (others > 0)
    lines.push(`It also rests on ${others} page(s) outside of the sites asked for, left out here.`);
  if (lines.length > 0) return ["Sources:", ...lines];
  return ["No sources were given: it is not confirmed by anything."];
}

const costLine = (costUsd: number | undefined): string[] =>
  costUsd === undefined ? [] : [`Cost: $${costUsd.toFixed(4)}`];
