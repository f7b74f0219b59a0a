import { isReplyPayloadTerminalContent } from "openclaw/plugin-sdk/reply-payload";
import type { TurnResult } from "../../../../server/loopback/channel-api.ts";

/** The parts of a reply payload that decide whether it is the answer. */
export interface DeliveredPayload {
  text?: string;
  isError?: boolean;
}

export interface FinalTextCollector {
  deliver(payload: DeliveredPayload, kind: string): void;
  /** A run of the model began. */
  begin(): void;
  /** How that run ended; a failed one may end without any payload. */
  end(outcome: "completed" | "failed"): void;
  /** False when the dispatch came back although the model never ran: openclaw was busy with itself. */
  readonly hasRun: boolean;
  result(): TurnResult;
}

/**
 * Keeps the last final text of a run and drops the rest: what the model says between tool calls, notices and
 * tool output are not messages. An error text of openclaw is never shown; it becomes the code `model-failed`.
 */
export function createFinalTextCollector(): FinalTextCollector {
  let text: string | null = null;
  let failed = false;
  let hasRun = false;
  return {
    deliver(payload, kind) {
      if (kind !== "final" || !isReplyPayloadTerminalContent(payload)) return;
      failed = payload.isError === true;
      text = failed ? null : (payload.text?.trim() ?? "") || text;
    },
    begin() {
      hasRun = true;
    },
    get hasRun() {
      return hasRun || failed || text !== null;
    },
    end(outcome) {
      if (outcome === "failed" && text === null) failed = true;
    },
    result: () => (failed ? { text: null, error: "model-failed" } : { text }),
  };
}
