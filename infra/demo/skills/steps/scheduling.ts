import { ok } from "node:assert/strict";
import { TIME_ZONE } from "../evening.ts";
import { adaSays, type Step } from "../step.ts";

/** Between the promise and the reminder, at least; times are whole minutes or seconds of the clock. */
const EARLIEST_MS = 50_000;

export const scheduling = (): Step[] => {
  let promisedAtMs = 0;
  return [
    adaSays("Remind me in a minute to put towels out for him.", {
      script: [
        {
          ...{ when: "Remind me in a minute", in: "message" },
          use: [
            {
              tool: "schedule",
              with: {
                ...{ action: "create", in_minutes: 1, timezone: TIME_ZONE },
                task: "Tell Ada to lay out the towels.",
              },
            },
          ],
          say: "I will.",
        },
        { when: "lay out the towels", in: "message", use: [], say: "Ada, the towels for Bob!" },
      ],
      answers: ["I will."],
    }),
    {
      ...{ who: "A minute later", shows: "" },
      act: async () => {
        promisedAtMs = Date.now();
      },
      answers: ["Ada, the towels for Bob!"],
      proof: {
        ...{ skill: "scheduling", tools: ["schedule"] },
        verified: "the reminder came in the conversation, a minute later and once",
        look: async () => ok(Date.now() - promisedAtMs > EARLIEST_MS, "it came too early"),
      },
    },
  ];
};
