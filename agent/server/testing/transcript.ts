import { ECHO_PREFIX, ECHO_SEPARATOR } from "./echo-brain.ts";

/** What somebody said; `said` of a transcript holds each person's words in the order in which they said them. */
export interface Utterance {
  sender: string;
  text: string;
}

/**
 * lost       was said and is in no answer
 * repeated   is in more than one answer, or more than once in one
 * reordered  was answered after something that the same person said later
 * unasked    an answer, or a part of one, to something that nobody said
 */
export type Breach = "lost" | "repeated" | "reordered" | "unasked";

export interface Finding {
  breach: Breach;
  text: string;
  /** What was answered before it and said later. */
  behind?: string;
}

/** Compares what people said with what an echo answered, in the order in which it did. Each text must be said once. */
export function checkAnswers(said: readonly Utterance[], answers: readonly string[]): Finding[] {
  const echoed = answers.flatMap(partsOf);
  const count = new Map<string, number>();
  for (const text of echoed) count.set(text, (count.get(text) ?? 0) + 1);
  const known = new Set(said.map(({ text }) => text));
  return [
    ...said.flatMap(({ text }): Finding[] => (count.has(text) ? [] : [{ breach: "lost", text }])),
    ...[...count].flatMap(([text, times]): Finding[] => [
      ...(times > 1 ? [{ breach: "repeated", text } as const] : []),
      ...(known.has(text) ? [] : [{ breach: "unasked", text } as const]),
    ]),
    ...reordered(said, echoed),
  ];
}

const partsOf = (answer: string): readonly string[] =>
  answer.startsWith(ECHO_PREFIX) ? answer.slice(ECHO_PREFIX.length).split(ECHO_SEPARATOR) : [answer];

function reordered(said: readonly Utterance[], echoed: readonly string[]): Finding[] {
  const places = new Map(said.map(({ sender, text }, place) => [text, { sender, place }]));
  const latest = new Map<string, { place: number; text: string }>();
  return echoed.flatMap((text): Finding[] => {
    const { sender, place } = places.get(text) ?? { sender: "", place: 0 };
    const before = latest.get(sender);
    if (before !== undefined && place < before.place)
      return [{ breach: "reordered", text, behind: before.text }];
    latest.set(sender, { place, text });
    return [];
  });
}
