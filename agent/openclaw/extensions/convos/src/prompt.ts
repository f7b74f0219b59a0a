import type { InboundMessage, Turn } from "../../../../server/loopback/channel-api.ts";

/** Whatever may be read as a line break, not only what is usually written as one. */
const LINE_BREAK = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g;
/** A line break inside a message is indented, so that nobody can write a line in somebody else's name. */
const line = (message: InboundMessage): string =>
  `${message.senderName}: ${message.text.replaceAll(LINE_BREAK, "\n  ")}`;

/**
 * What the model gets as the user's message. One message goes as it is (openclaw names its sender beside it);
 * several become a short transcript, oldest first.
 */
export const turnText = (turn: Turn): string =>
  turn.messages.length === 1 ? (turn.messages[0]?.text ?? "") : turn.messages.map(line).join("\n");

const ZONES_MAX = 4;

/** The time where the people are, as far as their profiles say it. */
function timeLine(turn: Turn, now: Date): string {
  const zones = new Set(turn.members.flatMap(({ timezone }) => timezone ?? []));
  const told = zones.size === 0 ? ["UTC"] : [...zones].slice(0, ZONES_MAX);
  const at = (timeZone: string): string =>
    now.toLocaleString("en-GB", { timeZone, dateStyle: "full", timeStyle: "short" });
  return `It is ${told.map((zone) => `${at(zone)} (${zone})`).join("; ")}.`;
}

/** What the model is told about this conversation, each turn anew. */
export function turnInstructions(turn: Turn, now: Date): string {
  const people = turn.members
    .map(({ name, isSelf }) => (isSelf ? `${turn.agentName} (you)` : name))
    .join(", ");
  const parts = [
    `Your name here is ${turn.agentName}.`,
    ...(turn.conversationName === "" ? [] : [`This conversation is called "${turn.conversationName}".`]),
    `People in this conversation: ${people}.`,
    timeLine(turn, now),
  ];
  if (turn.instructions.trim() !== "") {
    parts.push(
      "What you are here for, from the person who set you up:",
      `<instructions>\n${turn.instructions.trim()}\n</instructions>`,
    );
  }
  return parts.join("\n");
}
