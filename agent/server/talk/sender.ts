import { isAttachment } from "@xmtp/node-sdk";
import { SORT } from "../../convos/index.ts";
import type { Chat } from "../conversation/chat.ts";
import { errorName, type Log } from "../log.ts";
import type { Outbox, OutboxEntry } from "../state/outbox.ts";
import type { Saying } from "../state/saying.ts";
import { createWake, pause } from "../wake.ts";
import { DELIVERY } from "../xmtp/values.ts";
import { say } from "./say.ts";

const RETRY_MS = 500;
const RETRY_MAX_MS = 15_000;
/** After so many refusals by a network that answers, what comes after must not wait any longer: about seven minutes. */
const REFUSALS_MAX = 30;
const FILE_LOST = "I couldn't send the file that belongs here.";
/** A waiting message that could not be published so often, by a network that answered each time, never will be. */
const STUCK_ATTEMPTS = 3;
/** How many of the newest messages may hold a file that a crash kept from being noted. */
const LOOKED_THROUGH = 20;

export interface Sender {
  wake(): void;
  /** Resolves when the message that is on its way, if any, has got its fate. */
  stop(): Promise<void>;
}

export class NotPublishedError extends Error {
  override readonly name = "NotPublishedError";
}
class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/**
 * Sends the outbox in order. The entry's id is XMTP's idempotency key, so that however often an entry is tried it
 * is one message with one id; before trying again, a sync shows whether the lost attempt had arrived after all. A file
 * that waits in libxmtp to be published is published and not said again.
 */
export function startSender(options: { outbox: Outbox; chat(): Chat | undefined; log: Log }): Sender {
  const { outbox, log } = options;
  const stopping = new AbortController();
  const wake = createWake();

  const giveUp = ({ entryId, saying }: OutboxEntry): void => {
    log("send-given-up", { kind: saying.kind });
    const sorry = { kind: "text", text: FILE_LOST, isMarkdown: false } as const;
    if (saying.kind === "file") outbox.queue(`${entryId}:lost`, sorry);
    outbox.sent(entryId);
  };
  const loop = async (): Promise<void> => {
    let failures = 0;
    let refusals = 0;
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
        refusals = 0;
      } catch (error) {
        log("send-failed", { attempts: entry.attempts, error: errorName(error) });
        refusals = error instanceof RefusedError ? refusals + 1 : 0;
        if (refusals >= REFUSALS_MAX) giveUp(entry);
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

/** Rejects when the network does not answer, and with a RefusedError when it does and the entry is not taken. */
async function deliver({ client, group }: Chat, entry: OutboxEntry, outbox: Outbox): Promise<void> {
  const statusOf = (id: string) => client.conversations.getMessageById(id)?.deliveryStatus;
  const { entryId: idempotencyKey, saying } = entry;
  const isWaiting = (id: string): boolean => statusOf(id) === DELIVERY.unpublished;
  const isSteady = saying.kind !== "file";
  if (entry.attempts > 0 || !isSteady) await group.sync();
  const stored = await findStored({ client, group }, saying, outbox);
  const tried = [...entry.messageIds, ...(stored === undefined ? [] : [stored])];
  if (tried.some((id) => statusOf(id) === DELIVERY.published)) return;
  try {
    const pending = isSteady || isStuck(entry) ? undefined : tried.findLast(isWaiting);
    // What libxmtp has given up on, and what it was publishing when the process was killed, is taken up again only by
    // sending it anew under its key.
    const mustRevive = isSteady && tried.length > 0;
    const messageId =
      pending ??
      (await say(group, saying, mustRevive ? { idempotencyKey } : { idempotencyKey, optimistic: true }));
    outbox.attempted(idempotencyKey, messageId);
    if (!mustRevive) await group.publishMessages();
    if (statusOf(messageId) !== DELIVERY.published)
      throw new NotPublishedError("the network has not taken it");
  } catch (error) {
    if (entry.attempts > 0) throw new RefusedError("what was said was not taken", { cause: error });
    throw error;
  }
}

/**
 * libxmtp never publishes what it was publishing when its process was killed. A file of which the network, asked anew,
 * knows nothing is therefore made a second message of, once.
 */
const isStuck = ({ attempts, messageIds }: OutboxEntry): boolean =>
  messageIds.length === 1 && attempts >= STUCK_ATTEMPTS;

/**
 * A file that was given to XMTP just before a crash, which kept its id from being noted. Its bytes are not the same each
 * time it is encoded, so under the same key it would become a second message.
 */
async function findStored(
  { client, group }: Chat,
  saying: Saying,
  outbox: Outbox,
): Promise<string | undefined> {
  if (saying.kind !== "file") return undefined;
  const bytes = Buffer.from(saying.base64, "base64");
  const newest = await group.messages({ limit: LOOKED_THROUGH, direction: SORT.descending });
  return newest.find(
    (message) =>
      message.senderInboxId === client.inboxId &&
      isAttachment(message) &&
      message.content?.filename === saying.filename &&
      bytes.equals(message.content.content) &&
      !outbox.ownsMessage(message.id),
  )?.id;
}
