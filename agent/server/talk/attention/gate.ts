import { outsideName } from "../../inbound/outside-message.ts";
import { isChatter, isQuestion, names, opensWith } from "./wording.ts";

/** Somebody in the room besides the agent. */
export interface Neighbour {
  inboxId: string;
  name: string;
}

export interface HeardMessage {
  senderInboxId: string;
  text: string;
  /** Whom it replies to, when it is a reply. */
  repliesTo: "us" | "another" | undefined;
}

/** All that the gate looks at. */
export interface AttentionFacts {
  agentName: string;
  /** The members but the agent itself. */
  others: readonly Neighbour[];
  /** What waits, oldest first. */
  messages: readonly HeardMessage[];
  /** Whether the agent was the last to speak before these. */
  wasLastToSpeak: boolean;
  /** Whose answer the agent waits for, because it asked something. */
  awaits: string | undefined;
}

/** Why a message is to be answered. */
export type Prompt = "alone" | "outside" | "replied-to" | "named" | "awaited" | "followed-up";
/** Why a message is not for the agent. */
export type Restraint = "between-others" | "to-another" | "chatter";

export type Verdict =
  | { outcome: "turn"; reason: Prompt }
  | { outcome: "silent"; reason: Restraint }
  /** The words alone do not tell: a model is asked. */
  | { outcome: "ask"; reason: "unclear" };

/**
 * Whether what was said is for the agent, as far as that can be told without a model: banter costs nothing. One message
 * that is for it makes a turn of all that waits; one that is unclear has all of them judged.
 */
export function attend(facts: AttentionFacts): Verdict {
  const verdicts = facts.messages.map((message, index) => attendTo(message, index === 0, facts));
  return (
    verdicts.find(({ outcome }) => outcome === "turn") ??
    verdicts.find(({ outcome }) => outcome === "ask") ??
    verdicts.at(-1) ?? { outcome: "silent", reason: "chatter" }
  );
}

function attendTo(
  { senderInboxId, text, repliesTo }: HeardMessage,
  isFirst: boolean,
  { agentName, others, wasLastToSpeak, awaits }: AttentionFacts,
): Verdict {
  // What comes from outside the conversation comes to the agent's own number or mailbox.
  if (outsideName(senderInboxId) !== undefined) return { outcome: "turn", reason: "outside" };
  if (others.length === 1) return { outcome: "turn", reason: "alone" };
  if (repliesTo === "us") return { outcome: "turn", reason: "replied-to" };
  if (names(text, agentName)) return { outcome: "turn", reason: "named" };
  if (repliesTo === "another") return { outcome: "silent", reason: "between-others" };
  const isToAnother = others.some(({ inboxId, name }) => inboxId !== senderInboxId && opensWith(text, name));
  if (isToAnother) return { outcome: "silent", reason: "to-another" };
  if (awaits === senderInboxId) return { outcome: "turn", reason: "awaited" };
  if (isChatter(text)) return { outcome: "silent", reason: "chatter" };
  if (isFirst && wasLastToSpeak && isQuestion(text)) return { outcome: "turn", reason: "followed-up" };
  return { outcome: "ask", reason: "unclear" };
}
