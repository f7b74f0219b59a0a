import type { InboundItem, OutsideMessage } from "../../../domain/inbound.ts";
import { errorName, type Log } from "../log.ts";
import type { Notifications } from "../state/notifications.ts";
import type { StoredMessage } from "../state/turn-ledger.ts";
import { backOffMs, createWake, pause } from "../wake.ts";
import { type InboundClient, UnreadableItemError } from "./inbound-client.ts";
import { toStoredMessage } from "./outside-message.ts";

const RETRY_MS = 500;
const RETRY_MAX_MS = 30_000;

export interface IntakeOptions {
  notifications: Notifications;
  /** Makes it a turn, once; false when it was known. */
  take(message: StoredMessage): boolean;
  client: InboundClient;
  /** Nothing is fetched before there is a claim. */
  isClaimed(): boolean;
  /** Something new waits for an answer. */
  onMessage(): void;
  /** A text message has come; true when it is none to answer. */
  onSms(message: OutsideMessage): boolean;
  /** There is money for the model again. */
  onCredits(): void;
  log: Log;
}

export interface Intake {
  /** There may be something to fetch. */
  wake(): void;
  stop(): Promise<void>;
}

/**
 * Fetches what the platform has told this agent of, one after the other. An item is in the turn ledger before it is
 * acknowledged, and acknowledged before its id is forgotten: a crash in between repeats a step that changes nothing.
 */
export function startIntake(options: IntakeOptions): Intake {
  const { notifications, client, log } = options;
  const stopping = new AbortController();
  const wake = createWake();

  const take = (id: string, item: InboundItem): void => {
    if (item.kind === "credits") options.onCredits();
    else if (item.kind === "sms" && options.onSms(item.message)) return;
    else if (options.take(toStoredMessage(id, item.kind, item.message))) options.onMessage();
    log("inbound-taken", { kind: item.kind });
  };
  const deal = async (id: string): Promise<void> => {
    try {
      const item = await client.fetch(id, stopping.signal);
      if (item !== undefined) {
        take(id, item);
        await client.acknowledge(id, stopping.signal);
      }
    } catch (error) {
      if (!(error instanceof UnreadableItemError)) throw error;
      // Another release of this agent may know it: the platform holds it, and tells of it again.
      log("inbound-unreadable");
    }
    notifications.remove(id);
  };
  const loop = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const id = options.isClaimed() ? notifications.next() : undefined;
      if (id === undefined) {
        await wake.sleep(stopping.signal);
        continue;
      }
      try {
        await deal(id);
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        log("inbound-failed", { error: errorName(error) });
        await pause(backOffMs(failures++, RETRY_MS, RETRY_MAX_MS), stopping.signal);
      }
    }
  };
  const running = loop();
  return {
    wake: () => wake.wake(),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
