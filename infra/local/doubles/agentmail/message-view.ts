import type { AttachmentRecord, MessageRecord } from "./records.ts";

const PREVIEW_CHARS = 120;
/** Events carry no text and HTML beyond this; a client fetches the message. */
const MAX_EVENT_BODY_BYTES = 1024 * 1024;

/** A message as lists show it: without its body. */
export function messageItem(message: MessageRecord): Record<string, unknown> {
  const { position, text, html, attachments, reply_to, ...fields } = message;
  const preview = text?.slice(0, PREVIEW_CHARS);
  return {
    ...fields,
    ...(preview === undefined ? {} : { preview }),
    ...(attachments.length === 0 ? {} : { attachments: attachments.map(attachmentObject) }),
    size: sizeOf(message),
  };
}

/** A whole message. */
export function messageObject(message: MessageRecord): Record<string, unknown> {
  const { text, html, reply_to } = message;
  return {
    ...messageItem(message),
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(text === undefined ? {} : { text, extracted_text: withoutQuote(text) }),
    ...(html === undefined ? {} : { html, extracted_html: html }),
  };
}

/** A message in an event, with the sender's field under the given name. */
export function eventMessage(message: MessageRecord, senderField: string): Record<string, unknown> {
  const bodyBytes = Buffer.byteLength(message.text ?? "") + Buffer.byteLength(message.html ?? "");
  const shown = bodyBytes > MAX_EVENT_BODY_BYTES ? messageItem(message) : messageObject(message);
  const { from, ...rest } = shown;
  return { ...rest, [senderField]: from };
}

export function attachmentObject(attachment: AttachmentRecord): Record<string, unknown> {
  const { content, ...shown } = attachment;
  return shown;
}

/** A thread as lists show it, from its messages in order of arrival; at least one. */
export function threadItem(messages: readonly [MessageRecord, ...MessageRecord[]]): Record<string, unknown> {
  const [first] = messages;
  const last = messages.at(-1) ?? first;
  const received = messages.findLast(({ labels }) => labels.includes("received"));
  const sent = messages.findLast(({ labels }) => labels.includes("sent"));
  const attachments = messages.flatMap((message) => message.attachments.map(attachmentObject));
  return {
    inbox_id: first.inbox_id,
    thread_id: first.thread_id,
    labels: [...new Set(messages.flatMap(({ labels }) => labels))],
    timestamp: last.timestamp,
    ...(received ? { received_timestamp: received.timestamp } : {}),
    ...(sent ? { sent_timestamp: sent.timestamp } : {}),
    senders: [...new Set(messages.map(({ from }) => from))],
    recipients: [...new Set(messages.flatMap(({ to }) => to))],
    ...(first.subject === undefined ? {} : { subject: first.subject }),
    ...(last.text === undefined ? {} : { preview: last.text.slice(0, PREVIEW_CHARS) }),
    ...(attachments.length === 0 ? {} : { attachments }),
    last_message_id: last.message_id,
    message_count: messages.length,
    size: messages.reduce((sum, message) => sum + sizeOf(message), 0),
    created_at: first.created_at,
    updated_at: last.updated_at,
  };
}

function sizeOf({ text, html, attachments }: MessageRecord): number {
  const bodyBytes = Buffer.byteLength(text ?? "") + Buffer.byteLength(html ?? "");
  return attachments.reduce((sum, { size }) => sum + size, bodyBytes);
}

/** What is new in a reply: everything before the first quoted line or its "On … wrote:". */
function withoutQuote(text: string): string {
  const lines = text.split("\n");
  const quote = lines.findIndex((line) => /^>|^On .+ wrote:$/.test(line));
  return (quote === -1 ? lines : lines.slice(0, quote)).join("\n").trim();
}
