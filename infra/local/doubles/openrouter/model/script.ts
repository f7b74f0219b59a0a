import Type, { type Static } from "typebox";
import type { Conversation } from "./conversation.ts";
import type { Directives } from "./directives.ts";

/** What the stand-in does when somebody says something, as a real model would choose by itself. */
export const ScriptLineSchema = Type.Object(
  {
    /** Part of what is said. */
    when: Type.String({ minLength: 1, maxLength: 500 }),
    /**
     * Where it has to stand: in what a person (or a mail) has written last, or anywhere the model reads in this turn, pages
     * and mails that its tools have brought among it. The latter makes a model that obeys whoever speaks to it.
     */
    in: Type.Union([Type.Literal("message"), Type.Literal("anything")]),
    /** Tools that it then uses, one after the other. Texts in the JSON are filled in from earlier answers as `say` is. */
    use: Type.Array(
      Type.Object({
        tool: Type.String({ minLength: 1, maxLength: 128 }),
        with: Type.Record(Type.String(), Type.Unknown()),
      }),
      { maxItems: 8 },
    ),
    /** What it says in the end; `{{1}}`, `{{2}}`, … stand for what the tools answered (see `fillIn`). Without it the answers are told. */
    say: Type.Optional(Type.String({ maxLength: 4_000 })),
  },
  { additionalProperties: false },
);
export type ScriptLine = Static<typeof ScriptLineSchema>;

export const ScriptSchema = Type.Object(
  { lines: Type.Array(ScriptLineSchema, { maxItems: 100 }) },
  { additionalProperties: false },
);

/**
 * What the lines of a script that are meant have it do, after what the message itself tells it to. Each is meant once in a
 * turn; of those for messages only the first.
 */
export function followScript(
  lines: readonly ScriptLine[],
  told: Directives,
  { said, results }: Conversation,
): Directives {
  const message = said.at(-1) ?? "";
  const read = [message, ...results].join("\n");
  const asked = lines.find((line) => line.in === "message" && message.includes(line.when));
  const obeyed = lines.filter((line) => line.in === "anything" && read.includes(line.when));
  const meant = asked === undefined ? obeyed : [asked, ...obeyed];
  const uses = meant.flatMap(({ use }) => use);
  const say = meant.findLast((line) => line.say !== undefined)?.say;
  return {
    ...told,
    tools: [
      ...told.tools,
      ...uses.map(({ tool, with: args }) => ({ name: tool, argumentsJson: argumentsOf(args, results) })),
    ],
    say: say === undefined ? told.say : fillIn(say, results),
  };
}

const argumentsOf = (args: Record<string, unknown>, results: readonly string[]): string =>
  JSON.stringify(args, (_, value) => (typeof value === "string" ? fillIn(value, results) : value));

/** `{{2}}` is what the second tool answered, `{{2 /Code: (\w+)/}}` the part of it that is found. */
const fillIn = (say: string, results: readonly string[]): string =>
  say.replaceAll(/\{\{([1-9])(?: \/(.+?)\/)?\}\}/g, (_, place: string, pattern: string | undefined) => {
    const result = results[Number(place) - 1] ?? "";
    if (pattern === undefined) return result;
    const found = new RegExp(pattern).exec(result);
    return found?.[1] ?? found?.[0] ?? "";
  });

/** The script that a test has given, which may change at any time. */
export class Script {
  lines: readonly ScriptLine[] = [];
}
