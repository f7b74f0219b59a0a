import type { Entry } from "./transcript.ts";

/** What the agent's log says about a message: for it or not, and by what that was told. */
export interface Decision {
  readonly isWanted: boolean;
  readonly decidedBy: "words" | "model";
  readonly reason: string;
}

/** Something that a person says, and what comes of it. */
export interface Line {
  readonly who: string;
  readonly says: string;
  /** What the agent says; without it, it shows 👀. */
  readonly answer?: string;
  readonly reason: string;
  readonly decidedBy?: "model";
  /** For whoever reads the guide. */
  readonly because: string;
}

export const AGENT = "Marco";
export const FIRST = "Ada";
export const SECOND = "Bob";
const EYES = "👀";
export const INSTRUCTIONS = "You plan our walk through the highlands: three days, two people, no car.";
export const GREETING = `Hi, I'm ${AGENT}. What can I help you with?`;

const MODEL =
  "I am the local stand-in for a language model: a small script that answers in place of the real one.";

/** While there are two of them, the agent answers everything. */
export const BEFORE_THE_SECOND: readonly Line[] = [
  {
    who: FIRST,
    says: "Hello Marco, my name is Ada.",
    answer: "Nice to meet you, Ada. I will remember your name.",
    reason: "alone",
    because: "the two are alone",
  },
];

export const WITH_BOTH: readonly Line[] = [
  {
    who: FIRST,
    says: "Bob, there you are! How was the train?",
    reason: "to-another",
    because: "it is said to Bob, question or not",
  },
  {
    who: SECOND,
    says: "Two hours late, but the coffee was good.",
    reason: "unclear",
    decidedBy: "model",
    because: "the words do not tell; a small model finds it is for nobody",
  },
  { who: FIRST, says: "Haha, lovely.", reason: "chatter", because: "laughter waits for no answer" },
  {
    who: SECOND,
    says: "Marco, what can you do for us?",
    answer: `My instructions are: "${INSTRUCTIONS}" (${MODEL})`,
    reason: "named",
    because: "it is called by its name",
  },
  {
    who: FIRST,
    says: "So how much is 24 + 19 + 22?",
    answer: "That is 65.",
    reason: "followed-up",
    because: "a question right after its own answer",
  },
  {
    who: SECOND,
    says: "Thanks!",
    reason: "chatter",
    because: "right after its answer too, but nothing is asked",
  },
  {
    who: FIRST,
    says: "65 kilometres, then. I can do that if you carry the tent, Bob.",
    reason: "to-another",
    because: "it is said to Bob, by his name at the end",
  },
  { who: SECOND, says: "Deal!", reason: "chatter", because: "agreement waits for no answer" },
  {
    who: SECOND,
    says: "Does anybody know what time it is?",
    answer: "It is 12:00 UTC.",
    reason: "unclear",
    decidedBy: "model",
    because: "the words do not tell; the small model finds that the agent can help",
  },
  {
    who: FIRST,
    says: "Marco, do you remember my name?",
    answer: "Your name is Ada.",
    reason: "named",
    because: "it is called by its name",
  },
];

/** What one person's terminal shows of it. */
const entriesOf = (lines: readonly Line[]): Entry[] =>
  lines.flatMap(({ who, says, answer }): Entry[] => [
    { kind: "says", who, text: says },
    answer === undefined
      ? { kind: "reacts", who: AGENT, emoji: EYES, to: says }
      : { kind: "says", who: AGENT, text: answer },
  ]);

/** All that Ada sees until she ends it. */
export const EXPECTED: readonly Entry[] = [
  { kind: "joins", who: FIRST },
  { kind: "says", who: AGENT, text: GREETING },
  ...entriesOf(BEFORE_THE_SECOND),
  { kind: "joins", who: SECOND },
  ...entriesOf(WITH_BOTH),
];

/** What Bob sees when Ada has ended it. */
export const ENDING: readonly Entry[] = [{ kind: "ends", who: FIRST }, { kind: "out" }];

export const DECISIONS = [...BEFORE_THE_SECOND, ...WITH_BOTH].map(
  ({ answer, decidedBy, reason }): Decision => ({
    isWanted: answer !== undefined,
    decidedBy: decidedBy ?? "words",
    reason,
  }),
);
