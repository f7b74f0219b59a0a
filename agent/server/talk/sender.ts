import type { Chat } from "../conversation/chat.ts";
import { errorName, type Log } from "../log.ts";
import type { Outbox, OutboxEntry } from "../state/outbox.ts";
import { createWake, pause } from "../wake.ts";
import { DELIVERY } from "../xmtp/values.ts";
import { say } from "./say.ts";

const RETRY_MS = 500;
const RETRY_MAX_MS = 15_000;

export interface Sender {
  wake(): void;
  /** Resolves when the message that is on its way, if any, has got its fate. */
  stop(): Promise<void>;
}

export class NotPublishedError extends Error {
  override readonly name = "NotPublishedError";
}

/**
 * Sends the outbox in order. The entry's id is XMTP's idempotency key, so that however often an entry is tried it
 * is one message with one id; before trying again, a sync shows whether the lost attempt had arrived after all.
 */
export function startSender(options: { outbox: Outbox; chat(): Chat | undefined; log: Log }): Sender {
  const { outbox, log } = options;
  const stopping = new AbortController();
  const wake = createWake();

  const loop = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const chat = options.chat();
      const entry = chat === undefined ? undefined : outbox.next();
      if (chat === undefined || entry === undefined) {
        await wake.sleep(stopping.signal);
        continue;
      }
      try {
        await deliver(chat, entry, outbox);
        outbox.sent(entry.entryId);
        failures = 0;
      } catch (error) {
        log("send-failed", { attempts: entry.attempts, error: errorName(error) });
        await pause(Math.min(RETRY_MS * 2 ** failures, RETRY_MAX_MS), stopping.signal);
        failures = Math.min(failures + 1, 10);
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

async function deliver({ client, group }: Chat, entry: OutboxEntry, outbox: Outbox): Promise<void> {
  const isPublished = (messageId: string): boolean =>
    client.conversations.getMessageById(messageId)?.deliveryStatus === DELIVERY.published;

  const { entryId: idempotencyKey, saying } = entry;
  if (entry.messageId !== null) {
    await group.sync();
    if (isPublished(entry.messageId)) return;
  }
  const messageId = await say(group, saying, { idempotencyKey, optimistic: true });
  outbox.attempted(idempotencyKey, messageId);
  // A message that libxmtp has given up on is taken up again only by sending it anew under its key.
  if (entry.messageId === null) await group.publishMessages();
  else await say(group, saying, { idempotencyKey });
  if (!isPublished(messageId)) throw new NotPublishedError("the network has not taken the message");
}
