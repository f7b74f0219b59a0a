import { randomUUID } from "node:crypto";
import type { Account } from "./account.ts";
import { messageObject } from "./message-object.ts";
import type { MessageRecord, NumberRecord, ProfileRecord } from "./records.ts";
import { keywordOf, measureText } from "./sms-text.ts";
import type { WebhookSender } from "./webhook-sender.ts";

const MAX_MESSAGES = 5_000;

export interface Outgoing {
  from: NumberRecord;
  to: string;
  text: string;
  mediaUrls: string[];
  profile: ProfileRecord;
  webhookUrl: string | null;
  webhookFailoverUrl: string | null;
}

/** Sends a message: it is charged at once, its states are reported when their time has come. */
export function sendMessage(account: Account, webhooks: WebhookSender, outgoing: Outgoing): MessageRecord {
  const { settings, nowMs } = account;
  const recipient = account.numbers.values().find(({ phoneNumber }) => phoneNumber === outgoing.to);
  const { encoding, parts } = measureText(outgoing.text);
  const sentAtMs = nowMs + settings.sentAfterMs;
  const finalizedAtMs = Math.max(sentAtMs, nowMs + settings.finalizedAfterMs);
  // Between numbers of the provider no carrier looks at the registration.
  const isDropped = !settings.tenDlcRegistered && !recipient;
  const message: MessageRecord = {
    id: randomUUID(),
    direction: "outbound",
    from: outgoing.from.phoneNumber,
    to: outgoing.to,
    text: outgoing.text,
    mediaUrls: outgoing.mediaUrls,
    profileId: outgoing.profile.id,
    encoding,
    parts,
    costUsd: parts * settings.messagePartUsd,
    keyword: null,
    failureCode: isDropped ? "40010" : null,
    webhookUrl: outgoing.webhookUrl ?? outgoing.profile.webhookUrl,
    webhookFailoverUrl: outgoing.webhookFailoverUrl ?? outgoing.profile.webhookFailoverUrl,
    createdAtMs: nowMs,
    sentAtMs,
    finalizedAtMs,
  };
  keep(account, message);
  account.count({ spentUsd: message.costUsd });
  report(webhooks, message, "message.sent", sentAtMs);
  report(webhooks, message, "message.finalized", finalizedAtMs);
  if (recipient) receiveMessage(account, webhooks, { ...message, number: recipient, atMs: finalizedAtMs });
  return message;
}

/**
 * A message arrives at a number of the account. A keyword blocks or unblocks its sender for the whole profile; the
 * webhook is sent all the same. Undefined when the number belongs to no profile: nobody hears of it.
 */
export function receiveMessage(
  account: Account,
  webhooks: WebhookSender,
  incoming: { number: NumberRecord; from: string; text: string; mediaUrls: string[]; atMs: number },
): MessageRecord | undefined {
  const profile = account.profiles.get(incoming.number.messagingProfileId ?? "");
  if (!profile) return undefined;
  const keyword = keywordOf(incoming.text);
  const message: MessageRecord = {
    ...measureText(incoming.text),
    id: randomUUID(),
    direction: "inbound",
    from: incoming.from,
    to: incoming.number.phoneNumber,
    text: incoming.text,
    mediaUrls: incoming.mediaUrls,
    profileId: profile.id,
    costUsd: 0,
    keyword,
    failureCode: null,
    webhookUrl: profile.webhookUrl,
    webhookFailoverUrl: profile.webhookFailoverUrl,
    createdAtMs: incoming.atMs,
    sentAtMs: null,
    finalizedAtMs: null,
  };
  keep(account, message);
  if (keyword === "STOP") {
    account.optOuts.put(optOutKey(profile.id, incoming.from), {
      profileId: profile.id,
      ourNumber: message.to,
      person: incoming.from,
      keyword: incoming.text.trim().toUpperCase(),
      createdAtMs: incoming.atMs,
    });
  }
  if (keyword === "START") account.optOuts.remove(optOutKey(profile.id, incoming.from));
  report(webhooks, message, "message.received", incoming.atMs);
  return message;
}

export const optOutKey = (profileId: string, person: string): string => `${profileId} ${person}`;

/** What the profile has spent on messages since midnight UTC, in USD. */
export function spentTodayUsd(account: Account, profileId: string): number {
  const midnightMs = new Date(account.nowMs).setUTCHours(0, 0, 0, 0);
  return account.messages
    .values()
    .filter((message) => message.profileId === profileId && message.createdAtMs >= midnightMs)
    .reduce((sum, { costUsd }) => sum + costUsd, 0);
}

function keep(account: Account, message: MessageRecord): void {
  account.messages.put(message.id, message);
  const [oldest, ...others] = account.messages.values();
  if (oldest && others.length >= MAX_MESSAGES) account.messages.remove(oldest.id);
}

function report(webhooks: WebhookSender, message: MessageRecord, eventType: string, atMs: number): void {
  webhooks.enqueue({
    eventType,
    subjectId: message.id,
    occurredAtMs: atMs,
    payload: messageObject(message, atMs),
    urls: [message.webhookUrl, message.webhookFailoverUrl].filter((url) => url !== null),
  });
}
