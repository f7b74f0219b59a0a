import { randomUUID } from "node:crypto";
import type { Turn, TurnResult, TurnSource } from "./channel-api.ts";

/** The probe turn runs in a conversation of its own, so that its words are in nobody's history. */
const PROBE_CONVERSATION_ID = "probe";
const PROBE_SENDER_ID = "probe";

export interface ProbedTurnSource extends TurnSource {
  /**
   * Puts a probe turn in front of the queue and resolves with its result once it came back. One at a time.
   * Rejects when `signal` aborts; the probe is then withdrawn.
   */
  probe(text: string, signal: AbortSignal): Promise<TurnResult>;
}

interface PendingProbe {
  turn: Turn;
  resolve(result: TurnResult): void;
}

/** Puts probe turns in front of a turn source, without the source knowing. */
export function createProbedTurnSource(source: TurnSource): ProbedTurnSource {
  let pending: PendingProbe | undefined;
  /** Aborts the wait at the source when a probe arrives. */
  let arrival = new AbortController();

  const pendingTurn = (): Turn | undefined => pending?.turn;
  const isProbe = (turnId: string) => turnId.startsWith("probe-");

  return {
    async next(signal) {
      const probe = pendingTurn();
      if (probe) return probe;
      const turn = await source.next(AbortSignal.any([signal, arrival.signal]));
      return turn ?? (signal.aborted ? undefined : pendingTurn());
    },
    async complete(turnId, result) {
      if (!isProbe(turnId)) return source.complete(turnId, result);
      if (pending?.turn.turnId === turnId) pending.resolve(result);
    },
    async send(turnId, message) {
      if (!isProbe(turnId)) await source.send(turnId, message);
    },
    noteUsage: (usage) => source.noteUsage(usage),
    noteAction: () => source.noteAction(),
    probe(text, signal) {
      if (pending) throw new Error("a probe is already running");
      return new Promise((resolve, reject) => {
        const end = () => {
          pending = undefined;
          signal.removeEventListener("abort", onAbort);
        };
        const onAbort = () => {
          end();
          reject(new Error("the probe turn did not come back in time"));
        };
        if (signal.aborted) return onAbort();
        signal.addEventListener("abort", onAbort, { once: true });
        pending = {
          turn: probeTurn(text),
          resolve(result) {
            end();
            resolve(result);
          },
        };
        arrival.abort();
        arrival = new AbortController();
      });
    },
  };
}

const probeTurn = (text: string): Turn => ({
  turnId: `probe-${randomUUID()}`,
  kind: "probe",
  conversationId: PROBE_CONVERSATION_ID,
  conversationName: "",
  agentName: "Assistant",
  instructions: "",
  members: [{ inboxId: PROBE_SENDER_ID, name: "Probe", isSelf: false }],
  messages: [
    { id: randomUUID(), senderInboxId: PROBE_SENDER_ID, senderName: "Probe", text, sentAtMs: Date.now() },
  ],
  images: [],
});
