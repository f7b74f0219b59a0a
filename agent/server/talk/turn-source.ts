import { createHash } from "node:crypto";
import { outsideName } from "../inbound/outside-message.ts";
import type { Log } from "../log.ts";
import type { InboundMessage, Turn, TurnMember, TurnResult, TurnSource } from "../loopback/channel-api.ts";
import type { Facts } from "../state/facts.ts";
import type { Outbox } from "../state/outbox.ts";
import type { OpenTurn, TurnLedger } from "../state/turn-ledger.ts";
import { createWake } from "../wake.ts";
import { decideInterim, decideOutbound } from "./outbound-policy.ts";

/** After so many turns begun by agents alone the next is begun by a person: agents would answer each other for ever. */
export const AGENT_TURNS_MAX = 6;
/** A turn that so many gateways have not brought to its end is given up. */
export const TURN_MAX_ATTEMPTS = 3;
/** What the model may say in the middle of one turn. */
export const INTERIM_MAX_MESSAGES = 10;
/** Turns that had to wait for their time are looked for now and then. */
const RECHECK_MS = 10_000;

/** What a turn says besides its messages. */
export interface TurnContext {
  conversationId: string;
  agentName: string;
  instructions: string;
  members: readonly TurnMember[];
  /** Those members, and former ones, who call themselves agents. */
  agentInboxIds: ReadonlySet<string>;
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
  log: Log;
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
  const decide = (result: TurnResult): readonly string[] => {
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
  const complete = (turnId: string, result: TurnResult): void => {
    if (stopping.signal.aborted) return;
    if (ledger.complete(turnId, () => say(`${turnId}:answer`, decide(result)))) options.onQueued();
  };
  /** A turn that must not be run (again) is ended here. */
  const isToBeRun = ({ turnId, messages }: OpenTurn, { agentInboxIds }: TurnContext): boolean => {
    const attempt = ledger.attempt(turnId);
    if (attempt > TURN_MAX_ATTEMPTS) complete(turnId, { text: null, error: "model-failed" });
    if (attempt > 1) return attempt <= TURN_MAX_ATTEMPTS;
    const isOfAgents = messages.every(({ senderInboxId }) => agentInboxIds.has(senderInboxId));
    const agentTurns = isOfAgents ? Number(facts.get("agent-turns") ?? 0) + 1 : 0;
    if (agentTurns > AGENT_TURNS_MAX) {
      ledger.discard(turnId);
      options.log("turn-discarded", { reason: "agents-only" });
      return false;
    }
    facts.set("agent-turns", String(agentTurns));
    return true;
  };
  return {
    next: async (signal) => {
      const ended = AbortSignal.any([signal, stopping.signal]);
      while (!ended.aborted) {
        const open = options.isServing() ? ledger.openTurn() : undefined;
        const context = open === undefined ? undefined : await options.context();
        if (ended.aborted) return undefined;
        if (open === undefined || context === undefined) await arrivals.sleep(ended, RECHECK_MS);
        else if (isToBeRun(open, context)) return toTurn(open, context);
      }
      return undefined;
    },
    complete: async (turnId, result) => complete(turnId, result),
    send: async (turnId, key, text) => {
      if (stopping.signal.aborted) return;
      const digest = createHash("sha256").update(key).digest("hex");
      const messages = decideInterim(text, options);
      const queue = (): void => {
        const left = INTERIM_MAX_MESSAGES - outbox.countOf(`${turnId}:message:`);
        say(`${turnId}:message:${digest}`, messages.slice(0, Math.max(0, left)));
      };
      if (ledger.whileOpen(turnId, queue)) options.onQueued();
    },
    notify: () => arrivals.wake(),
    stop: () => stopping.abort(),
  };
}

function toTurn(open: OpenTurn, { agentInboxIds: _, ...context }: TurnContext): Turn {
  const names = new Map(context.members.map((member) => [member.inboxId, member.name]));
  const messages = open.messages.map(
    (message): InboundMessage => ({
      ...message,
      senderName: names.get(message.senderInboxId) ?? outsideName(message.senderInboxId) ?? "Somebody",
    }),
  );
  return { turnId: open.turnId, kind: "message", ...context, messages };
}
