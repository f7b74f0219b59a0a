import type { Turn, TurnContent, TurnResult, TurnSource } from "../channel-api.ts";

export interface QueuedTurns extends TurnSource {
  /** Puts a turn into the queue and resolves with its result. */
  run(turn: Turn): Promise<TurnResult>;
  /** How often a turn was asked for. */
  asked: number;
  /** Turn ids in the order they were handed out, repetitions included. */
  offered: string[];
  /** Completions as they came, repetitions included. */
  completed: { turnId: string; result: TurnResult }[];
  sent: { turnId: string; key: string; content: TurnContent }[];
  /** How often the model was about to act. */
  actions: number;
}

/** A turn source in memory that keeps its contract: one at a time, again until completed. */
export function createQueuedTurns(): QueuedTurns {
  const waiting: { turn: Turn; resolve: (result: TurnResult) => void }[] = [];
  let wake = () => {};
  const queue: QueuedTurns = {
    asked: 0,
    offered: [],
    completed: [],
    sent: [],
    actions: 0,
    run: (turn) =>
      new Promise((resolve) => {
        waiting.push({ turn, resolve });
        wake();
      }),
    async next(signal) {
      queue.asked += 1;
      if (waiting.length === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      const first = signal.aborted ? undefined : waiting[0]?.turn;
      if (first) queue.offered.push(first.turnId);
      return first;
    },
    async complete(turnId, result) {
      queue.completed.push({ turnId, result });
      if (waiting[0]?.turn.turnId === turnId) waiting.shift()?.resolve(result);
    },
    async send(turnId, { key, content }) {
      queue.sent.push({ turnId, key, content });
    },
    noteUsage: () => undefined,
    noteAction() {
      queue.actions += 1;
    },
  };
  return queue;
}

let turns = 0;

/** A turn with one message of Alice's. */
export function aTurn(text: string, fields: Partial<Turn> = {}): Turn {
  turns += 1;
  return {
    turnId: `turn-${turns}`,
    kind: "message",
    conversationId: "conversation",
    conversationName: "",
    agentName: "Robin",
    instructions: "",
    members: [{ inboxId: "alice-inbox", name: "Alice", isSelf: false }],
    messages: [
      { id: `m-${turns}`, senderInboxId: "alice-inbox", senderName: "Alice", text, sentAtMs: Date.now() },
    ],
    images: [],
    ...fields,
  };
}
