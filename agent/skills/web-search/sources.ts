import { Type } from "typebox";
import { Value } from "typebox/value";
import { WEB_SEARCH_LIMITS } from "./limits.ts";

/** A page that an answer rests on. */
export interface Source {
  /** As the answer cites it: [1]. */
  number: number;
  url: string;
  title?: string;
  /** As the provider says it, such as 2026-01-31. */
  date?: string;
}

/** Perplexity's own lists, where OpenRouter lets them through; the annotations are what it promises. */
const Citations = Type.Object({ citations: Type.Array(Type.String()) });
const SearchResults = Type.Object({
  search_results: Type.Array(
    Type.Object({
      url: Type.String(),
      title: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      date: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    }),
  ),
});
const DATE = /^\d{4}-\d{2}-\d{2}/;

/**
 * The pages of an answer in the order in which it cites them. `cited` are its annotations; `body` is the whole answer, which
 * may say more about them.
 */
export function sourcesOf(cited: readonly { url: string; title?: string }[], body: unknown): Source[] {
  const results = Value.Check(SearchResults, body) ? body.search_results : [];
  const known = [...cited, ...results];
  const order = Value.Check(Citations, body) ? body.citations : known.map(({ url }) => url);
  return [...new Set(order)]
    .map((url, index): Source => {
      const title = known.find((one) => one.url === url && one.title)?.title;
      const date = DATE.exec(results.find((one) => one.url === url)?.date ?? "")?.[0];
      return { number: index + 1, url, ...(title && { title }), ...(date && { date }) };
    })
    .filter(({ url }) => isUsable(url));
}

function isUsable(url: string): boolean {
  if (url.length > WEB_SEARCH_LIMITS.urlMaxChars || !URL.canParse(url)) return false;
  return ["http:", "https:"].includes(new URL(url).protocol);
}

/** Whether a page is of one of the sites; subdomains count. */
export const isOfSites = (url: string, sites: readonly string[]): boolean => {
  const { hostname } = new URL(url);
  return sites.some((site) => {
    const wanted = site.toLowerCase();
    return hostname === wanted || hostname.endsWith(`.${wanted}`);
  });
};
