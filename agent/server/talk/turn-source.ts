import { createHash } from "node:crypto";
import type { InboundMessage, Turn, TurnMember, TurnSource } from "../loopback/channel-api.ts";
import type { Facts } from "../state/facts.ts";
import type { Outbox } from "../state/outbox.ts";
import type { OpenTurn, TurnLedger } from "../state/turn-ledger.ts";
import { createWake } from "../wake.ts";
import { decideOutbound } from "./outbound-policy.ts";

/** What a turn says besides its messages. */
export interface TurnContext {
  conversationId: string;
  agentName: string;
  instructions: string;
  members: readonly TurnMember[];
}

export interface TurnSourceOptions {
  ledger: TurnLedger;
  outbox: Outbox;
  facts: Facts;
  /** Undefined while there is no conversation. */
  context(): Promise<TurnContext | undefined>;
  isServing(): boolean;
  redact(text: string): string;
  outOfCredit(): boolean;
  /** Something was queued to be said. */
  onQueued(): void;
}

export interface AgentTurnSource extends TurnSource {
  /** Something new waits for an answer. */
  notify(): void;
  /** No turn is given out any more, and what is completed from now on is not said. */
  stop(): void;
}

/** One lane of turns over the durable ledger: all that waits becomes one turn, one turn is out at a time. */
export function createTurnSource(options: TurnSourceOptions): AgentTurnSource {
  const { ledger, outbox, facts } = options;
  const arrivals = createWake();
  const stopping = new AbortController();

  const say = (entryPrefix: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.entries()) outbox.queue(`${entryPrefix}:${index}`, text);
  };
  const decide = (result: Parameters<TurnSource["complete"]>[1]): readonly string[] => {
    const creditNoticeGiven = facts.get("credit-notice") !== undefined;
    const decision = decideOutbound(result, {
      creditNoticeGiven,
      outOfCredit: options.outOfCredit(),
      redact: options.redact,
    });
    if (decision.creditOutage) facts.set("credit-notice", "yes");
    else facts.clear("credit-notice");
    return decision.messages;
  };
  return {
    next: async (signal) => {
      const ended = AbortSignal.any([signal, stopping.signal]);
      while (!ended.aborted) {
        const open = options.isServing() ? ledger.openTurn() : undefined;
        const context = open === undefined ? undefined : await options.context();
        if (open !== undefined && context !== undefined) return toTurn(open, context);
        await arrivals.sleep(ended);
      }
      return undefined;
    },
    complete: async (turnId, result) => {
      if (stopping.signal.aborted) return;
      if (ledger.complete(turnId, () => say(`${turnId}:answer`, decide(result)))) options.onQueued();
    },
    send: async (turnId, key, text) => {
      if (stopping.signal.aborted || !ledger.isOpen(turnId)) return;
      const digest = createHash("sha256").update(key).digest("hex");
      say(`${turnId}:message:${digest}`, decide({ text }));
      options.onQueued();
    },
    notify: () => arrivals.wake(),
    stop: () => stopping.abort(),
  };
}

function toTurn(open: OpenTurn, context: TurnContext): Turn {
  const names = new Map(context.members.map((member) => [member.inboxId, member.name]));
  const messages = open.messages.map(
    (message): InboundMessage => ({ ...message, senderName: names.get(message.senderInboxId) ?? "Somebody" }),
  );
  return { turnId: open.turnId, kind: "message", ...context, messages };
}
