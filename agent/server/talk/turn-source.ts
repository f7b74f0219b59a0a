import { createHash } from "node:crypto";
import { outsideName } from "../inbound/outside-message.ts";
import type { Log } from "../log.ts";
import type { InboundMessage, Turn, TurnMember, TurnResult, TurnSource } from "../loopback/channel-api.ts";
import type { Facts } from "../state/facts.ts";
import type { Outbox } from "../state/outbox.ts";
import type { OpenTurn, StoredMessage, TurnLedger } from "../state/turn-ledger.ts";
import { createWake } from "../wake.ts";
import { createAttention, type Judge } from "./attention/attention.ts";
import { EYES, eyesEntry } from "./eyes.ts";
import { decideInterim, decideOutbound, OUTAGES, type Outage } from "./outbound-policy.ts";

/** After so many turns begun by agents alone the next is begun by a person: agents would answer each other for ever. */
export const AGENT_TURNS_MAX = 6;
/** A turn that so many gateways have not brought to its end is given up. */
export const TURN_MAX_ATTEMPTS = 3;
/** What the model may say in the middle of one turn. */
export const INTERIM_MAX_MESSAGES = 10;
/** Turns that had to wait for their time are looked for now and then. */
const RECHECK_MS = 10_000;
/** For so long an apology is not repeated. */
const APOLOGY_HOLDS_MS = 30 * 60_000;

/** What a turn says besides its messages. */
export interface TurnContext {
  conversationId: string;
  conversationName: string;
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
  judge: Judge;
  redact(text: string): string;
  /** Whether answers are sent as Markdown. */
  markdown: boolean;
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
  const { judge, log } = options;
  const ownsMessage = (messageId: string) => outbox.ownsMessage(messageId);
  const attention = createAttention({ facts, ownsMessage, judge, log });
  /** Of the turn that was given out last. */
  let prompter = "";

  const say = (entryPrefix: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.entries()) outbox.queue(`${entryPrefix}:${index}`, text);
  };
  const decide = (result: TurnResult): readonly string[] => {
    const decision = decideOutbound(result, {
      told: toldOutage(facts.get("outage-notice")),
      outOfCredit: options.outOfCredit(),
      redact: options.redact,
      markdown: options.markdown,
    });
    const { outage } = decision;
    if (outage === undefined) facts.clear("outage-notice");
    else if (decision.messages.length > 0) facts.set("outage-notice", `${outage} ${Date.now()}`);
    const last = decision.messages.at(-1);
    if (last !== undefined) attention.spoke(last, prompter);
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
  /** What is heard and not for the agent: it shows that it has read it, and keeps it in mind for its next turn. */
  const keepSilent = (messages: readonly StoredMessage[]): void => {
    const ids = messages.map(({ id }) => id);
    const last = ids.at(-1);
    ledger.shelve(ids, () => {
      attention.keptSilent();
      if (last !== undefined) outbox.queue(eyesEntry(last), EYES);
    });
    options.onQueued();
  };
  /** The open turn, or a new one if what waits is for the agent. Undefined when there is nothing to do. */
  const nextOpen = async (
    signal: AbortSignal,
  ): Promise<{ open: OpenTurn; context: TurnContext } | undefined> => {
    while (options.isServing()) {
      const open = ledger.openTurn();
      const waiting = open === undefined ? ledger.waiting() : [];
      if (open === undefined && waiting.length === 0) return undefined;
      const context = await options.context();
      if (context === undefined || signal.aborted) return undefined;
      if (open !== undefined) return { open, context };
      const isWanted = await attention.isWanted(waiting, context, signal);
      if (signal.aborted) return undefined;
      if (isWanted) return { open: ledger.beginTurn(), context };
      keepSilent(waiting);
    }
    return undefined;
  };
  return {
    next: async (signal) => {
      const ended = AbortSignal.any([signal, stopping.signal]);
      while (!ended.aborted) {
        const next = await nextOpen(ended);
        if (ended.aborted) return undefined;
        if (next === undefined) await arrivals.sleep(ended, RECHECK_MS);
        else if (isToBeRun(next.open, next.context)) {
          prompter = next.open.messages.at(-1)?.senderInboxId ?? "";
          return toTurn(next.open, next.context);
        }
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

/** The outage that people were told of; who asks again long after a failure is told once more. */
function toldOutage(notice: string | undefined): Outage | undefined {
  const [told, atMs] = notice?.split(" ") ?? [];
  const outage = OUTAGES.find((one) => one === told);
  return outage === "failure" && Date.now() - Number(atMs) > APOLOGY_HOLDS_MS ? undefined : outage;
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
