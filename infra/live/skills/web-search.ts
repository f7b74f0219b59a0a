import { createWebSearchSkill } from "../../../agent/skills/web-search/index.ts";
import { missingModelKey, openModelKey } from "../model-key.ts";
import { match, seen } from "../seen.ts";
import { defineSuite } from "../suite.ts";
import { openTools, type ToolScene } from "../tools.ts";

const TOWER = "How tall is the Eiffel Tower in Paris, in metres?";
const COST = /\nCost: (\$[\d.]+)/;
const SOURCES = /^\[\d+\] .*?(https?:\/\/\S+)/gm;

const hostsIn = (text: string): string[] =>
  [...text.matchAll(SOURCES)].map(([, url = ""]) => new URL(url).hostname);

/** Perplexity by way of OpenRouter. */
export const webSearch = defineSuite<ToolScene>({
  skill: "web-search",
  missing: missingModelKey,
  open: async (context) => {
    const access = await openModelKey(context);
    const modelId = context.config.SEARCH_MODEL_ID;
    return openTools(context, () => createWebSearchSkill({ ...access, modelId }));
  },
  steps: [
    {
      name: "answers a question with its sources and its cost",
      costUsd: 0.02,
      run: async ({ use }, signal) => {
        const text = await use("web_search", { queries: [TOWER] }, signal);
        match(text, /33\d/, "the answer says about 330 metres");
        const [host] = hostsIn(text);
        return `${seen(host, "there is a source", text)}, ${match(text, COST, "it says what it has cost")}`;
      },
    },
    {
      name: "answers two questions at the same time, of the last week",
      costUsd: 0.04,
      run: async ({ use }, signal) => {
        const queries = [
          "What is the weather in Lisbon tomorrow?",
          "What is the weather in Lisbon in general?",
        ];
        const text = await use("web_search", { queries, recency: "week" }, signal);
        seen(!text.includes("Not answered:"), "both are answered", text);
        seen(
          queries.every((query, index) => text.includes(`${index + 1}. ${query}`)),
          "both are there",
          text,
        );
        return `${hostsIn(text).length} sources`;
      },
    },
    {
      name: "keeps to the sites that are asked for",
      costUsd: 0.02,
      run: async ({ use }, signal) => {
        const text = await use("web_search", { queries: [TOWER], sites: ["wikipedia.org"] }, signal);
        const hosts = hostsIn(text);
        seen(
          hosts.length > 0 && hosts.every((host) => host.endsWith("wikipedia.org")),
          "no other host",
          text,
        );
        const others = text.includes("outside of the sites") ? "; others are left out" : "";
        return `${hosts.join(", ")}${others}`;
      },
    },
  ],
});
