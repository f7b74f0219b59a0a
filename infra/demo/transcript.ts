import { isDeepStrictEqual } from "node:util";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";

/** One line of a chat, as a person's terminal shows it. */
export type Entry =
  | { readonly kind: "says"; readonly who: string; readonly text: string }
  /** `to` is the text of the message that the reaction is on. */
  | { readonly kind: "reacts"; readonly who: string; readonly emoji: string; readonly to: string }
  | { readonly kind: "joins" | "leaves" | "ends"; readonly who: string }
  /** The person of this terminal is no member any more. */
  | { readonly kind: "out" };

const Member = Type.Object({ inboxId: Type.String(), name: Type.String() });
/** Those of `npm run chat -- --json` that show who did what. */
const ChatEvent = Type.Union([
  Type.Object({ event: Type.Literal("message"), id: Type.String(), from: Member, text: Type.String() }),
  Type.Object({ event: Type.Literal("reaction"), from: Member, emoji: Type.String(), to: Type.String() }),
  Type.Object({ event: Type.Literal("member-joined"), member: Member }),
  Type.Object({ event: Type.Literal("member-left"), member: Member }),
  Type.Object({ event: Type.Literal("ending"), from: Member }),
  Type.Object({ event: Type.Literal("ended") }),
]);

/**
 * The entries of what a chat printed; events that show nobody doing anything are passed over. Somebody who has just joined
 * is printed as the beginning of an id until the name has come; here everybody has the name from the start.
 * Whoever joins is told of it by the welcome and, now and then, by the commit as well; that counts once.
 */
export function readEntries(printed: readonly unknown[]): Entry[] {
  const events = printed.filter((event) => Value.Check(ChatEvent, event));
  const names = new Map<string, string>();
  const texts = new Map<string, string>();
  for (const event of events) {
    const member = memberOf(event);
    if (member !== undefined) names.set(member.inboxId, member.name);
    if (event.event === "message") texts.set(event.id, withoutTime(event.text));
  }
  const entries = events.map((event) =>
    entryOf(event, names.get(memberOf(event)?.inboxId ?? "") ?? "", texts),
  );
  return entries.filter(
    (entry, index) => entry.kind !== "joins" || !isDeepStrictEqual(entry, entries[index - 1]),
  );
}

function entryOf(event: Static<typeof ChatEvent>, who: string, texts: ReadonlyMap<string, string>): Entry {
  switch (event.event) {
    case "message":
      return { kind: "says", who, text: withoutTime(event.text) };
    case "reaction": {
      const to = texts.get(event.to) ?? "a message that this terminal has not shown";
      return { kind: "reacts", who, emoji: event.emoji, to };
    }
    case "member-joined":
      return { kind: "joins", who };
    case "member-left":
      return { kind: "leaves", who };
    case "ending":
      return { kind: "ends", who };
    case "ended":
      return { kind: "out" };
  }
}

function memberOf(event: Static<typeof ChatEvent>): Static<typeof Member> | undefined {
  if ("from" in event) return event.from;
  return "member" in event ? event.member : undefined;
}

/** The same whenever it is said. */
const withoutTime = (text: string): string => text.replaceAll(/\b\d\d:\d\d UTC\b/g, "12:00 UTC");

/** As `npm run chat` prints it. */
export function formatEntry(entry: Entry): string {
  switch (entry.kind) {
    case "says":
      return `${entry.who}: ${entry.text}`;
    case "reacts":
      return `* ${entry.who} reacts with ${entry.emoji}`;
    case "joins":
      return `* ${entry.who} has joined`;
    case "leaves":
      return `* ${entry.who} has left`;
    case "ends":
      return `* ${entry.who} ends the conversation`;
    case "out":
      return "* You are no longer a member of this conversation.";
  }
}

/** Where it must be told from others that look the same. */
export const describeEntry = (entry: Entry): string =>
  entry.kind === "reacts" ? `${formatEntry(entry)} on "${entry.to}"` : formatEntry(entry);
