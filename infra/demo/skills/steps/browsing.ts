import { match, ok } from "node:assert/strict";
import { type Evening, TIME } from "../evening.ts";
import { adaSays, type Step } from "../step.ts";

export const browsing = ({ formUrl: url, date, day }: Evening): Step[] => [
  adaSays(`Is a table for two still free at Harbour Table then, at ${TIME}?`, {
    script: [
      {
        ...{ when: "Is a table for two", in: "message" },
        use: [
          {
            tool: "browse",
            with: {
              steps: [{ do: "open", url }, { do: "type", target: "#date", text: date }, { do: "read" }],
            },
          },
        ],
        say: `Yes: {{1 /${TIME}\\D{1,20}(\\d seats left)/}} at ${TIME}.`,
      },
    ],
    answers: [`Yes: 5 seats left at ${TIME}.`],
  }),
  adaSays("Book it, please.", {
    script: [
      {
        ...{ when: "Book it", in: "message" },
        use: [
          {
            tool: "browse",
            with: {
              steps: [
                { do: "open", url },
                { do: "type", target: "#name", text: "Ada Lovelace" },
                { do: "type", target: "#email", text: "ada@example.com" },
                { do: "type", target: "#phone", text: "+1 312 555 0100" },
                { do: "type", target: "#date", text: date },
                { do: "select", target: "#time", text: TIME },
                { do: "click", target: "#submit" },
                { do: "wait", target: "#confirmation" },
              ],
            },
          },
        ],
        say: "Done: {{1 /(Ada Lovelace, we expect .+? at \\d\\d:\\d\\d)/}}. The code is {{1 /\\b([A-HJ-NP-Z2-9]{6})\\b/}}.",
      },
    ],
    answers: [`Done: Ada Lovelace, we expect 2 people on ${day} at ${TIME}. The code is K7M4QX.`],
    proof: {
      ...{ skill: "browsing", tools: ["browse"] },
      verified: "the page confirms the name, the day, the time and the number of people, and shows the code",
      look: async (_, [answer]) => {
        const text = answer?.text ?? "";
        ok(text.includes(`2 people on ${day} at ${TIME}`), "it confirms something else");
        match(text, /The code is [A-HJ-NP-Z2-9]{6}\.$/);
      },
    },
  }),
];
