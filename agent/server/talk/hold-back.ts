import type { StoredMessage } from "../state/turn-ledger.ts";

/** A picture without words is followed by them, if by any, within this time. */
export const HOLD_BACK_MS = 1_500;
/** However many follow each other, nothing is held for longer. */
export const HOLD_BACK_MAX_MS = 5_000;

export interface HoldBack {
  /** For how long what waits should wait on, because its last message is a file whose caption may still come. */
  leftMs(waiting: readonly StoredMessage[]): number;
}

/** Time is counted from when a message is first seen here, because the sender's clock is not ours. */
export function createHoldBack(): HoldBack {
  let held: { messageId: string; sinceMs: number; untilMs: number } | undefined;
  return {
    leftMs: (waiting) => {
      const last = waiting.at(-1);
      if (last?.fileNames === undefined || last.text !== "") {
        held = undefined;
        return 0;
      }
      const nowMs = Date.now();
      if (held?.messageId !== last.id) {
        const sinceMs = held?.sinceMs ?? nowMs;
        const untilMs = Math.min(nowMs + HOLD_BACK_MS, sinceMs + HOLD_BACK_MAX_MS);
        held = { messageId: last.id, sinceMs, untilMs };
      }
      if (held.untilMs > nowMs) return held.untilMs - nowMs;
      held = undefined;
      return 0;
    },
  };
}
