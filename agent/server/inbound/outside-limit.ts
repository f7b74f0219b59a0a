import type { Log } from "../log.ts";
import {
  type StoredMessage,
  TURN_WINDOW_MS,
  TURNS_PER_WINDOW,
  type TurnLedger,
} from "../state/turn-ledger.ts";

/** Half of the turns are kept for the people of the conversation, however much strangers write. */
export const OUTSIDE_PER_WINDOW = TURNS_PER_WINDOW / 2;

const LAST =
  "(So much has come lately that what follows within some minutes is not shown to you: look into the mailbox, and at the list of text messages.)";

/**
 * Takes what comes from outside, by whichever way, up to that many in `TURN_WINDOW_MS`; what comes beyond stays where it
 * is, at its provider. The answer is that of `TurnLedger.take`. Counts since the start of the process.
 */
export function limitOutside(
  turns: Pick<TurnLedger, "take" | "note" | "knows">,
  log: Log,
): (message: StoredMessage) => boolean {
  let takenAtMs: readonly number[] = [];
  return (message) => {
    if (turns.knows(message.id)) return false;
    const nowMs = Date.now();
    takenAtMs = takenAtMs.filter((atMs) => atMs > nowMs - TURN_WINDOW_MS);
    if (takenAtMs.length >= OUTSIDE_PER_WINDOW) {
      turns.note(message.id, message.sentAtMs);
      log("outside-flood");
      return false;
    }
    takenAtMs = [...takenAtMs, nowMs];
    const isLast = takenAtMs.length === OUTSIDE_PER_WINDOW;
    return turns.take(isLast ? { ...message, text: `${message.text}\n${LAST}` } : message);
  };
}
