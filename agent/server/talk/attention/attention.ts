import { errorName, type Log } from "../../log.ts";
import type { Facts } from "../../state/facts.ts";
import type { StoredMessage } from "../../state/turn-ledger.ts";
import { wordsOf } from "../message-words.ts";
import type { TurnContext } from "../turn-source.ts";
import { attend, type HeardMessage } from "./gate.ts";
import { isQuestion } from "./wording.ts";

/** What a model is asked when the words alone do not tell whether the agent is meant. */
export interface Question {
  agentName: string;
  /** What the agent is here for, in its claimer's words. */
  instructions: string;
  /** Who says what, oldest first. */
  said: readonly { name: string; text: string }[];
}

/** Resolves with what the model decided; rejects when it could not be asked. */
export type Judge = (question: Question, signal: AbortSignal) => Promise<"act" | "silent">;

export interface AttentionOptions {
  facts: Facts;
  /** Whether a message of the chat is one of ours. */
  ownsMessage(messageId: string): boolean;
  judge: Judge;
  log: Log;
}

/** Decides whether what waits is for the agent, and remembers what the next decision needs. */
export interface Attention {
  isWanted(messages: readonly StoredMessage[], context: TurnContext, signal: AbortSignal): Promise<boolean>;
  /** The agent has said something, prompted by this member. */
  spoke(text: string, promptedBy: string): void;
  /** It kept silent. */
  keptSilent(): void;
}

const LAST_SPEAKER = "last-speaker";
const AWAITED = "awaited-inbox";

export function createAttention({ facts, ownsMessage, judge, log }: AttentionOptions): Attention {
  const judged = async (
    messages: readonly StoredMessage[],
    context: TurnContext,
    signal: AbortSignal,
  ): Promise<"act" | "silent"> => {
    const names = new Map(context.members.map(({ inboxId, name }) => [inboxId, name]));
    const { agentName, instructions } = context;
    const said = messages.map((message) => ({
      name: names.get(message.senderInboxId) ?? "Somebody",
      text: wordsOf(message),
    }));
    try {
      return await judge({ agentName, instructions, said }, signal);
    } catch (error) {
      // Whoever wants the agent can still say its name; a wrong answer cannot be taken back.
      log("attention-failed", { error: errorName(error) });
      return "silent";
    }
  };
  return {
    isWanted: async (messages, context, signal) => {
      const verdict = attend({
        agentName: context.agentName,
        others: context.members.filter(({ isSelf }) => !isSelf),
        messages: messages.map((message) => heard(message, ownsMessage)),
        wasLastToSpeak: facts.get(LAST_SPEAKER) === "us",
        awaits: facts.get(AWAITED),
      });
      const outcome = verdict.outcome === "ask" ? await judged(messages, context, signal) : verdict.outcome;
      const isWanted = outcome === "turn" || outcome === "act";
      const decidedBy = verdict.outcome === "ask" ? "model" : "words";
      log("attention", { isWanted, decidedBy, reason: verdict.reason, messages: messages.length });
      return isWanted;
    },
    spoke: (text, promptedBy) => {
      facts.set(LAST_SPEAKER, "us");
      if (endsAsking(text)) facts.set(AWAITED, promptedBy);
      else facts.clear(AWAITED);
    },
    keptSilent: () => facts.set(LAST_SPEAKER, "others"),
  };
}

const heard = (message: StoredMessage, ownsMessage: AttentionOptions["ownsMessage"]): HeardMessage => ({
  senderInboxId: message.senderInboxId,
  text: wordsOf(message),
  repliesTo: message.replyToId === undefined ? undefined : ownsMessage(message.replyToId) ? "us" : "another",
});

/** Whether the last sentence asks. */
function endsAsking(text: string): boolean {
  const last =
    text
      .trim()
      .split(/(?<=[.!?])\s+|\n+/)
      .at(-1) ?? "";
  return last.includes("?") && isQuestion(last);
}
