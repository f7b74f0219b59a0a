import { createHash } from "node:crypto";
import type { TurnContent, TurnMessage, TurnResult } from "../loopback/channel-api.ts";
import type { Facts } from "../state/facts.ts";
import type { Outbox } from "../state/outbox.ts";
import type { Saying } from "../state/saying.ts";
import { eyesEntry, eyesOn } from "./eyes.ts";
import { decideInterim, decideOutbound, OUTAGES, type Outage } from "./outbound-policy.ts";
import { plainLine } from "./plain-name.ts";
import type { FileFailure } from "./turn-files.ts";

/** What the model may say in the middle of one turn. */
export const INTERIM_MAX_MESSAGES = 10;
/** For so long an apology is not repeated. */
const APOLOGY_HOLDS_MS = 30 * 60_000;

/** A message of the conversation and who sent it. */
export interface Spoken {
  messageId: string;
  inboxId: string;
}

export interface SpeechOptions {
  outbox: Outbox;
  facts: Facts;
  redact(text: string): string;
  /** Whether answers are sent as Markdown. */
  markdown: boolean;
  outOfCredit(): boolean;
  /** Where people can top the agent's credit up. */
  topUpUrl?: string | undefined;
  /** The sender of a message of the conversation, whoever it is; undefined when there is no such message. */
  senderOf(messageId: string): string | undefined;
}

/** Puts into the outbox what a turn says. Everything has a name of its own there, so saying it again changes nothing. */
export interface Speech {
  /** The answer, after the outbound policy; returns what is said. `replyTo` shows what it answers. */
  answer(turnId: string, result: TurnResult, replyTo: Spoken | undefined): readonly string[];
  /** What the model says, sends or shows in the middle of a turn; a reaction is on `prompt` unless it says otherwise. */
  interim(turnId: string, message: TurnMessage, prompt: string | undefined): void;
  /** That a turn takes its time; and, where that was shown, that it has ended. */
  startThinking(turnId: string, about: string): void;
  stopThinking(turnId: string, about: string): void;
  eyes(on: Spoken): void;
  fileFailures(failures: readonly FileFailure[]): void;
}

export function createSpeech(options: SpeechOptions): Speech {
  const { outbox, facts, markdown: isMarkdown } = options;
  const text = (words: string): Saying => ({ kind: "text", text: words, isMarkdown });

  const decide = (result: TurnResult): readonly string[] => {
    const decision = decideOutbound(result, {
      told: toldOutage(facts.get("outage-notice")),
      outOfCredit: options.outOfCredit(),
      topUpUrl: options.topUpUrl,
      redact: options.redact,
      markdown: isMarkdown,
    });
    const { outage } = decision;
    if (outage === undefined) facts.clear("outage-notice");
    else if (decision.messages.length > 0) facts.set("outage-notice", `${outage} ${Date.now()}`);
    return decision.messages;
  };
  const sayingsOf = (content: TurnContent, prompt: string | undefined): readonly Saying[] => {
    if (content.kind === "text") return decideInterim(content.text, options).map(text);
    if (content.kind === "file")
      return [{ ...content, filename: plainLine(options.redact(content.filename)) || "file" }];
    const messageId = content.messageId ?? prompt;
    const inboxId = messageId === undefined ? undefined : options.senderOf(messageId);
    if (messageId === undefined || inboxId === undefined) return [];
    return [{ kind: "reaction", emoji: content.emoji, to: { messageId, inboxId } }];
  };
  const thinkingEntry = (turnId: string): string => `${turnId}:thinking`;
  const think = (turnId: string, state: "start" | "stop", targetMessageId: string): void =>
    void outbox.queue(`${thinkingEntry(turnId)}:${state}`, { kind: "thinking", state, targetMessageId });
  return {
    answer: (turnId, result, replyTo) => {
      const messages = decide(result);
      for (const [index, words] of messages.entries()) {
        const answered = index === 0 && replyTo !== undefined ? { replyTo } : {};
        outbox.queue(`${turnId}:answer:${index}`, { kind: "text", text: words, isMarkdown, ...answered });
      }
      return messages;
    },
    interim: (turnId, { key, content }, prompt) => {
      const digest = createHash("sha256").update(key).digest("hex");
      const left = Math.max(0, INTERIM_MAX_MESSAGES - outbox.countOf(`${turnId}:message:`));
      for (const [index, saying] of sayingsOf(content, prompt).slice(0, left).entries())
        outbox.queue(`${turnId}:message:${digest}:${index}`, saying);
    },
    startThinking: (turnId, about) => {
      if (options.senderOf(about) !== undefined) think(turnId, "start", about);
    },
    stopThinking: (turnId, about) => {
      if (outbox.countOf(thinkingEntry(turnId)) > 0) think(turnId, "stop", about);
    },
    eyes: ({ messageId, inboxId }) => void outbox.queue(eyesEntry(messageId), eyesOn(messageId, inboxId)),
    fileFailures: (failures) => {
      for (const { messageId, index, sentence } of failures)
        outbox.queue(`file:${messageId}:${index}`, { kind: "text", text: sentence, isMarkdown: false });
    },
  };
}

/** The outage that people were told of; who asks again long after a failure is told once more. */
function toldOutage(notice: string | undefined): Outage | undefined {
  const [told, atMs] = notice?.split(" ") ?? [];
  const outage = OUTAGES.find((one) => one === told);
  return outage === "failure" && Date.now() - Number(atMs) > APOLOGY_HOLDS_MS ? undefined : outage;
}
