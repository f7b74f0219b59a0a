import type { CompletionRequest } from "../completion-request.ts";
import { textOf } from "./message-text.ts";
import type { SearchBook, SearchSource } from "./search-book.ts";
import type { ModelTurn } from "./stand-in.ts";

const MS_PER_HOUR = 3_600_000;
const HOURS_OF = { hour: 1, day: 24, week: 168, month: 744, year: 8_784 } as const;

/** Models that search the web by themselves: those of Perplexity. */
export const isSearchModel = (modelId: string): boolean => modelId.startsWith("perplexity/");

/**
 * Answers the last message from the book, with the sources that Perplexity's own filters let through. OpenRouter forwards
 * them, as it is seen to do; its documents do not promise it.
 */
export function takeSearchTurn(request: CompletionRequest, book: SearchBook, nowMs: number): ModelTurn {
  const question = textOf(request.messages.findLast(({ role }) => role === "user")?.content);
  const entry = book.find(question);
  if (!entry) return answer("I found no reliable information about that.", [], nowMs);
  const sources = entry.sources.filter((source) => isWanted(request, source));
  const isFilteredOut = entry.sources.length > 0 && sources.length === 0;
  return isFilteredOut
    ? answer("I found nothing of that age or on those sites.", [], nowMs)
    : answer(entry.text, sources, nowMs);
}

function isWanted(request: CompletionRequest, { url, ageHours }: SearchSource): boolean {
  const { search_recency_filter: recency, search_domain_filter: domains } = request;
  if (recency && ageHours > HOURS_OF[recency]) return false;
  if (!domains?.length) return true;
  return URL.canParse(url) && domains.some((domain) => `.${new URL(url).hostname}`.endsWith(`.${domain}`));
}

const answer = (text: string, sources: readonly SearchSource[], nowMs: number): ModelTurn => ({
  kind: "text",
  text,
  delayMs: 0,
  search: {
    annotations: sources.map(({ url, title, content }) => ({
      type: "url_citation",
      url_citation: {
        url,
        ...(title !== undefined && { title }),
        ...(content !== undefined && { content }),
        start_index: 0,
        end_index: 0,
      },
    })),
    lists: {
      citations: sources.map(({ url }) => url),
      search_results: sources.map(({ url, title, ageHours }) => ({
        url,
        title: title ?? null,
        date: new Date(nowMs - ageHours * MS_PER_HOUR).toISOString().slice(0, 10),
      })),
    },
  },
});
