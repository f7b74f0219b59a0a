import { isoTime, type MessageRecord } from "./records.ts";

type MessageStatus = "queued" | "sent" | "delivered" | "delivery_failed" | "webhook_delivered";

export function statusOf(message: MessageRecord, nowMs: number): MessageStatus {
  if (message.direction === "inbound") return "webhook_delivered";
  if (message.sentAtMs !== null && nowMs < message.sentAtMs) return "queued";
  if (message.finalizedAtMs !== null && nowMs < message.finalizedAtMs) return "sent";
  return message.failureCode === null ? "delivered" : "delivery_failed";
}

/** A message as `/messages/:id` and the webhooks show it at a time. */
export function messageObject(message: MessageRecord, nowMs: number): Record<string, unknown> {
  const status = statusOf(message, nowMs);
  const isInbound = message.direction === "inbound";
  const reached = (timeMs: number | null) => (timeMs !== null && nowMs >= timeMs ? isoTime(timeMs) : null);
  const ours = { carrier: "TELNYX LLC", line_type: "Wireless" };
  const theirs = { carrier: "T-MOBILE USA, INC.", line_type: "Wireless" };
  return {
    id: message.id,
    record_type: "message",
    direction: message.direction,
    type: message.mediaUrls.length > 0 ? "MMS" : "SMS",
    messaging_profile_id: message.profileId,
    organization_id: "00000000-0000-4000-8000-00000000000a",
    from: { phone_number: message.from, ...(isInbound ? theirs : ours) },
    to: [{ phone_number: message.to, status, ...(isInbound ? ours : theirs) }],
    cc: [],
    text: message.text,
    subject: null,
    media: message.mediaUrls.map((url) => ({ url, content_type: null, sha256: null, size: null })),
    encoding: message.encoding,
    parts: message.parts,
    tags: [],
    cost: { amount: message.costUsd.toFixed(4), currency: "USD" },
    errors: status === "delivery_failed" ? [carrierError(message.failureCode ?? "40006")] : [],
    autoresponse_type: message.keyword,
    webhook_url: message.webhookUrl,
    webhook_failover_url: message.webhookFailoverUrl,
    received_at: isoTime(message.createdAtMs),
    sent_at: reached(message.sentAtMs),
    completed_at: reached(message.finalizedAtMs),
    valid_until: isInbound ? null : isoTime(message.createdAtMs + 3_600_000),
  };
}

const carrierError = (code: string): Record<string, unknown> => ({
  code,
  title: code === "40010" ? "Not 10DLC registered" : "Recipient server unavailable",
  detail: "The message was not delivered by the carrier.",
});
