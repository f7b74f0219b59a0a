import type { StoredMessage } from "../state/turn-ledger.ts";

/** A picture without words is followed by them, if by any, within this time. */
export const HOLD_BACK_MS = 1_500;

export interface HoldBack {
  /** For how long what waits should wait on, because its last message is a file whose caption may still come. */
  leftMs(waiting: readonly StoredMessage[]): number;
}

/** Time is counted from when a message is first seen here, because the sender's clock is not ours. */
export function createHoldBack(): HoldBack {
  let held: { messageId: string; untilMs: number } | undefined;
  return {
    leftMs: (waiting) => {
      const last = waiting.at(-1);
      if (last?.fileNames === undefined || last.text !== "") return 0;
      if (held?.messageId !== last.id) held = { messageId: last.id, untilMs: Date.now() + HOLD_BACK_MS };
      return Math.max(0, held.untilMs - Date.now());
    },
  };
}
