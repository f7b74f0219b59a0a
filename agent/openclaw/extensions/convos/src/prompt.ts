import type { InboundMessage, Turn } from "../../../../server/loopback/channel-api.ts";

/** A line break inside a message is indented, so that nobody can write a line in somebody else's name. */
const line = (message: InboundMessage): string =>
  `${message.senderName}: ${message.text.replaceAll("\n", "\n  ")}`;

/**
 * What the model gets as the user's message. One message goes as it is (openclaw names its sender beside it);
 * several become a short transcript, oldest first.
 */
export const turnText = (turn: Turn): string =>
  turn.messages.length === 1 ? (turn.messages[0]?.text ?? "") : turn.messages.map(line).join("\n");

/** What the model is told about this conversation, each turn anew. */
export function turnInstructions(turn: Turn): string {
  const people = turn.members.map((member) => member.name).join(", ");
  const parts = [`Your name here is ${turn.agentName}.`, `People in this conversation: ${people}.`];
  if (turn.instructions.trim() !== "") {
    parts.push(
      "What you are here for, from the person who set you up:",
      `<instructions>\n${turn.instructions.trim()}\n</instructions>`,
    );
  }
  return parts.join("\n");
}
