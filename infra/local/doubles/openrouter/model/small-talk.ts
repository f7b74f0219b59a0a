import { solve } from "./arithmetic.ts";

export const WHO_I_AM =
  "I am the local stand-in for a language model: a small script that answers in place of the real one.";

const MAX_QUOTE_CHARS = 300;
const NAME = String.raw`(\p{L}[\p{L}\p{M}'’-]*(?: \p{Lu}[\p{L}\p{M}'’-]*)?)`;
const MY_NAME = new RegExp(String.raw`\b(?:my name is|my name's|call me) ${NAME}`, "iu");
const TOLD_NAME = new RegExp(String.raw`\b(?:[Mm]y name is|[Mm]y name's|[Cc]all me) ${NAME}`, "u");

interface Situation {
  text: string;
  /** What people wrote before this message, oldest first. */
  earlier: readonly string[];
  instructions: string | undefined;
  nowMs: number;
}

type Rule = (situation: Situation) => string | undefined;

/** The first rule that has something to say answers. */
const RULES: readonly Rule[] = [
  on(
    /\b(?:what(?:'s| is| are)|tell me|repeat|show me) your (?:instructions|system prompt|task|job|role|purpose)\b/i,
    tellInstructions,
  ),
  on(/\bwhat (?:do|can) you do\b|\bhow can you help\b|^help[.!?]?$/i, tellInstructions),
  on(/\b(?:what(?:'s| is) my name|who am i|do you (?:know|remember) my name)\b/i, tellName),
  on(MY_NAME, ({ text }) => `Nice to meet you, ${nameIn(text) ?? "you"}. I will remember your name.`),
  on(
    /\b(?:who|what) are you\b|\bare you (?:a |an )?(?:real|human|bot|robot|ai|llm|language model)\b/i,
    tellWho,
  ),
  on(/\b(?:what did i (?:just )?say|what was my last message)\b/i, tellEarlier),
  ({ text }) => {
    const value = solve(text);
    return value === undefined ? undefined : `That is ${value}.`;
  },
  on(
    /\bwhat(?:'s| is)? (?:the )?(?:current )?time\b|\bwhat time is it\b/i,
    ({ nowMs }) => `It is ${clockTime(nowMs)} UTC.`,
  ),
  on(
    /\bwhat(?:'s| is)? (?:the |today's )?(?:current )?date\b|\bwhat day is (?:it|today)\b/i,
    ({ nowMs }) => `Today is ${calendarDate(nowMs)}.`,
  ),
  on(/^(?:please )?(?:repeat(?: after me)?|say|echo)[: ]+["“]?(.+?)["”]?$/is, ({ text }) =>
    text.replace(/^(?:please )?(?:repeat(?: after me)?|say|echo)[: ]+/i, "").replace(/^["“]|["”]$/g, ""),
  ),
  on(/\b(?:thanks|thank you|thx|cheers)\b/i, () => "You are welcome!"),
  on(
    /^(?:ok(?:ay)?[, ]+)?(?:bye|goodbye|good night|see you|farewell)\b/i,
    ({ earlier }) => `Goodbye${named(earlier)}!`,
  ),
  on(/\bhow are you\b|\bhow(?:'s| is) it going\b/i, () => "All is well here, thank you. How are you?"),
  on(/\bare you (?:there|ready|awake|up|alive)\b|^ping[.!?]?$/i, () => "Yes, I am here and ready."),
  on(
    /^(?:hi|hello|hey|hallo|hola|yo|good (?:morning|afternoon|evening))\b/i,
    ({ earlier }) =>
      `Hello${named(earlier)}! I am the local stand-in for a language model. What can I do for you?`,
  ),
];

/** A sensible answer to an ordinary message. */
export function smallTalk(situation: Situation): string {
  for (const rule of RULES) {
    const answer = rule(situation);
    if (answer !== undefined) return answer;
  }
  return reflect(situation.text);
}

function on(pattern: RegExp, answer: (situation: Situation) => string): Rule {
  return (situation) => (pattern.test(situation.text) ? answer(situation) : undefined);
}

function tellWho({ instructions }: Situation): string {
  return instructions === undefined ? WHO_I_AM : `${WHO_I_AM} Here I was told: "${instructions}"`;
}

function tellInstructions({ instructions }: Situation): string {
  if (instructions === undefined) return `I was given no instructions. ${WHO_I_AM}`;
  return `My instructions are: "${instructions}" (${WHO_I_AM})`;
}

function tellName({ earlier, text }: Situation): string {
  const name = lastName([...earlier, text]);
  return name === undefined ? "You have not told me your name yet." : `Your name is ${name}.`;
}

function tellEarlier({ earlier }: Situation): string {
  const last = earlier.at(-1);
  return last === undefined ? "This is the first thing you have said to me." : `You said: "${quote(last)}"`;
}

function reflect(text: string): string {
  if (/\?\s*$/.test(text)) {
    return `You asked: "${quote(text)}" A real model would know; I am only the local stand-in, but your question reached me.`;
  }
  return `You said: "${quote(text)}" Noted. Tell me more, or ask me something.`;
}

const nameIn = (text: string): string | undefined => (TOLD_NAME.exec(text) ?? MY_NAME.exec(text))?.[1];
const lastName = (said: readonly string[]): string | undefined =>
  said.map(nameIn).findLast((name) => name !== undefined);

function named(said: readonly string[]): string {
  const name = lastName(said);
  return name === undefined ? "" : `, ${name}`;
}

const quote = (text: string): string =>
  text.length > MAX_QUOTE_CHARS ? `${text.slice(0, MAX_QUOTE_CHARS)}…` : text;
const clockTime = (nowMs: number): string => new Date(nowMs).toISOString().slice(11, 16);
const calendarDate = (nowMs: number): string =>
  new Date(nowMs).toLocaleDateString("en-GB", { dateStyle: "full", timeZone: "UTC" });
