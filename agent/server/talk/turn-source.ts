import { outsideName } from "../inbound/outside-message.ts";
import type { Log } from "../log.ts";
import type { InboundMessage, Turn, TurnMember, TurnResult, TurnSource } from "../loopback/channel-api.ts";
import type { OpenTurn, StoredMessage, TurnLedger } from "../state/turn-ledger.ts";
import { createWake } from "../wake.ts";
import { createAttention, type Judge } from "./attention/attention.ts";
import { createHoldBack } from "./hold-back.ts";
import { createPendingEyes } from "./pending-eyes.ts";
import type { Presence } from "./presence.ts";
import { createSpeech, type SpeechOptions, type Spoken } from "./speech.ts";
import type { ReadTurnFiles, TurnFiles } from "./turn-files.ts";

/** After so many turns begun by agents alone the next is begun by a person: agents would answer each other for ever. */
export const AGENT_TURNS_MAX = 6;
/** A turn that so many gateways have not brought to its end is given up. */
export const TURN_MAX_ATTEMPTS = 3;
/** A turn that takes longer than this shows that it does. */
export const THINKING_AFTER_MS = 5_000;
/** Turns that had to wait for their time are looked for now and then. */
const RECHECK_MS = 10_000;
/** What is said of a turn that ended in the middle of what it did. */
export const INTERRUPTED =
  "I was interrupted in the middle of that, and I can't tell what of it I had already done. I won't simply do it again: please check, and tell me how to go on.";

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

export interface TurnSourceOptions extends SpeechOptions {
  ledger: TurnLedger;
  /** Undefined while there is no conversation. */
  context(): Promise<TurnContext | undefined>;
  isServing(): boolean;
  judge: Judge;
  readFiles: ReadTurnFiles;
  presence: Presence;
  /** The person who set up the schedule that a message comes from. */
  scheduledBy?(messageId: string): string | undefined;
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

interface NextTurn {
  open: OpenTurn;
  context: TurnContext;
  /** Nobody but agents has asked for it. */
  isOfAgents: boolean;
}

/** One lane of turns over the durable ledger: all that waits becomes one turn, one turn is out at a time. */
export function createTurnSource(options: TurnSourceOptions): AgentTurnSource {
  const { ledger, outbox, facts, presence, judge, log } = options;
  const arrivals = createWake();
  const stopping = new AbortController();
  const ownsMessage = (messageId: string) => outbox.ownsMessage(messageId);
  const attention = createAttention({ facts, ownsMessage, judge, log });
  const speech = createSpeech(options);
  const holdBack = createHoldBack();
  const eyes = createPendingEyes({ facts, show: speech.eyes, onQueued: options.onQueued });
  /** The turn that this process has taken up last, and whether it has been given out. */
  let taken:
    | { turnId: string; turn: Promise<Turn | undefined>; isOut: boolean; isCrowded: boolean }
    | undefined;
  let thinking: NodeJS.Timeout | undefined;

  const complete = (turnId: string, result: TurnResult): void => {
    if (stopping.signal.aborted) return;
    clearTimeout(thinking);
    const open = ledger.openTurn();
    const answered = open?.turnId === turnId ? promptOf(open) : undefined;
    // In a room where others have spoken since, an answer shows what it answers.
    const isOvertaken = taken?.turnId === turnId && taken.isCrowded && ledger.waiting().length > 0;
    const isKnown = answered !== undefined && options.senderOf(answered.messageId) !== undefined;
    const hasBrokenOff = result.error !== undefined && open?.turnId === turnId && open.hasActed;
    let said: readonly string[] = [];
    const isCompleted = ledger.complete(turnId, () => {
      if (answered !== undefined) speech.stopThinking(turnId, answered.messageId);
      const final = hasBrokenOff ? { text: INTERRUPTED } : result;
      said = speech.answer(turnId, final, isOvertaken && isKnown ? answered : undefined);
      const last = said.at(-1);
      const awaited = answered && (options.scheduledBy?.(answered.messageId) ?? answered.inboxId);
      if (last !== undefined) attention.spoke(last, awaited ?? "");
    });
    if (taken?.turnId === turnId) taken = undefined;
    presence.stopsTyping(said.length === 0);
    if (isCompleted) options.onQueued();
  };
  /** Whether a turn that only agents have asked for may be run: they would go on for ever. */
  const isWithinLoopLimit = (turnId: string, isOfAgents: boolean): boolean => {
    const agentTurns = isOfAgents ? Number(facts.get("agent-turns") ?? 0) + 1 : 0;
    if (agentTurns <= AGENT_TURNS_MAX) {
      facts.set("agent-turns", String(agentTurns));
      return true;
    }
    ledger.discard(turnId);
    log("turn-discarded", { reason: "agents-only" });
    return false;
  };
  /** What is heard and not for the agent: it shows that it has read it, and keeps it in mind for its next turn. */
  const keepSilent = (messages: readonly StoredMessage[]): void => {
    const ids = messages.map(({ id }) => id);
    const last = messages.at(-1);
    ledger.shelve(ids, () => {
      attention.keptSilent();
      if (last !== undefined) eyes.await({ messageId: last.id, inboxId: last.senderInboxId });
    });
  };
  /** The open turn, or a new one if what waits is for the agent. Undefined when there is nothing to do. */
  const nextOpen = async (signal: AbortSignal): Promise<NextTurn | undefined> => {
    while (options.isServing()) {
      const open = ledger.openTurn();
      const waiting = open === undefined ? ledger.waiting() : [];
      if (open === undefined && waiting.length === 0) return undefined;
      const heldMs = holdBack.leftMs(waiting);
      if (heldMs > 0) await arrivals.sleep(signal, heldMs);
      if (heldMs > 0 && !signal.aborted) continue;
      const context = await options.context();
      if (context === undefined || signal.aborted) return undefined;
      const isOfAgents = (messages: readonly StoredMessage[]): boolean =>
        messages.every(({ senderInboxId }) => context.agentInboxIds.has(senderInboxId));
      if (open !== undefined) return { open, context, isOfAgents: isOfAgents(open.messages) };
      if (waiting.some(({ senderInboxId }) => outsideName(senderInboxId) === undefined)) presence.hasRead();
      const isWanted = await attention.isWanted(waiting, context, signal);
      if (signal.aborted) return undefined;
      if (isWanted) {
        eyes.forget();
        return { open: ledger.beginTurn(), context, isOfAgents: isOfAgents(waiting) };
      }
      keepSilent(waiting);
    }
    return undefined;
  };
  /** The turn as its model gets it; ended here when it holds nothing that a model could answer. */
  const prepare = async (open: OpenTurn, context: TurnContext): Promise<Turn | undefined> => {
    const { turnId, messages } = open;
    const files = await options.readFiles(messages, stopping.signal);
    if (stopping.signal.aborted) return undefined;
    const { failures } = files;
    if (failures.length > 0 && ledger.whileOpen(turnId, () => speech.fileFailures(failures)))
      options.onQueued();
    if (files.hasContent) return toTurn(open, context, files);
    complete(turnId, { text: null });
    return undefined;
  };
  /** Takes a turn up, once in this process and once more each time it was out in vain. False when that is too often. */
  const takeUp = ({ open, context, isOfAgents }: NextTurn): boolean => {
    const { turnId } = open;
    if (taken?.turnId === turnId && !taken.isOut) return true;
    const attempt = ledger.attempt(turnId);
    if (attempt > TURN_MAX_ATTEMPTS) complete(turnId, { text: null, error: "model-failed" });
    if (attempt > TURN_MAX_ATTEMPTS) return false;
    if (attempt === 1 && !isWithinLoopLimit(turnId, isOfAgents)) return false;
    const turn = taken?.turnId === turnId ? taken.turn : prepare(open, context);
    taken = { turnId, turn, isOut: false, isCrowded: context.members.length > 2 };
    turn.catch(() => {
      // Whoever waits for it hears why; the next who asks has it prepared anew.
      if (taken?.turn === turn) taken = undefined;
    });
    presence.startsTyping();
    const { messageId } = promptOf(open);
    clearTimeout(thinking);
    thinking = setTimeout(() => {
      if (ledger.whileOpen(turnId, () => speech.startThinking(turnId, messageId))) options.onQueued();
    }, THINKING_AFTER_MS);
    return true;
  };
  return {
    next: async (signal) => {
      const ended = AbortSignal.any([signal, stopping.signal]);
      while (!ended.aborted) {
        const next = await nextOpen(ended);
        if (ended.aborted) return undefined;
        if (next === undefined) {
          await arrivals.sleep(ended, RECHECK_MS);
          continue;
        }
        const { turnId, hasActed } = next.open;
        if (hasActed) complete(turnId, { text: INTERRUPTED });
        if (hasActed || !takeUp(next)) continue;
        const turn = await Promise.race([taken?.turn, aborted(ended)]);
        if (ended.aborted) return undefined;
        if (turn === undefined || taken?.turnId !== turnId) continue;
        taken.isOut = true;
        return turn;
      }
      return undefined;
    },
    complete: async (turnId, result) => complete(turnId, result),
    send: async (turnId, message) => {
      if (stopping.signal.aborted) return;
      const open = ledger.openTurn();
      if (open?.turnId !== turnId) return;
      const say = (): void => speech.interim(turnId, message, promptOf(open).messageId);
      if (ledger.whileOpen(turnId, say)) options.onQueued();
    },
    noteAction: () => ledger.noteAction(),
    noteUsage: (usage) => ledger.noteUsage(usage),
    notify: () => arrivals.wake(),
    stop: () => {
      stopping.abort();
      clearTimeout(thinking);
      eyes.stop();
      presence.stop();
    },
  };
}

/** The message that a turn answers: its last. */
function promptOf({ messages }: OpenTurn): Spoken {
  const last = messages.at(-1);
  return { messageId: last?.id ?? "", inboxId: last?.senderInboxId ?? "" };
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));

function toTurn(open: OpenTurn, { agentInboxIds: _, ...context }: TurnContext, files: TurnFiles): Turn {
  const names = new Map(context.members.map((member) => [member.inboxId, member.name]));
  const messages = open.messages.map((message): InboundMessage => {
    const { fileNames: __, ...rest } = message;
    const { senderInboxId } = message;
    const senderName = names.get(senderInboxId) ?? outsideName(senderInboxId) ?? "Somebody";
    return { ...rest, text: files.textOf(message), senderName };
  });
  return { turnId: open.turnId, kind: "message", ...context, messages, images: files.images };
}
