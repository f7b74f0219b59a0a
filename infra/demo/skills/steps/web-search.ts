import { equal } from "node:assert/strict";
import type { SearchEntry } from "../../../local/doubles/openrouter/model/search-book.ts";
import type { Evening } from "../evening.ts";
import { adaSays, type Step } from "../step.ts";

const SOURCE = "https://fish.example.org/in-season";

/** What there is on the web. */
export const FOUND: SearchEntry = {
  words: ["fish", "season"],
  text: "Cod, sea bass and mussels are at their best [1].",
  sources: [{ url: SOURCE, title: "Fish by month", ageHours: 48 }],
};

const ANSWER = `Cod, sea bass and mussels are at their best, says ${SOURCE}.`;

export const webSearch = ({ day }: Evening): Step[] => [
  adaSays(`Marco, Bob visits me on ${day}, and he loves fish. What is in season?`, {
    script: [
      {
        ...{ when: "What is in season?", in: "message" },
        use: [{ tool: "web_search", with: { queries: [`Which fish is in season on ${day}?`] } }],
        say: "{{1 /(Cod.+best)/}}, says {{1 /(https:\\S+)/}}.",
      },
    ],
    answers: [ANSWER],
    proof: {
      ...{ skill: "web-search", tools: ["web_search"] },
      verified: "the answer and the address are those that only the search engine knows",
      look: async (_, [answer]) => equal(answer?.text, ANSWER),
    },
  }),
];
