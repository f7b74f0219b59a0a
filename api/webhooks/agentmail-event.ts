import { Type } from "typebox";
import { Value } from "typebox/value";
import type { OutsideMessage } from "../../domain/inbound.ts";
import { cutText } from "./cut-text.ts";

/** The documents disagree whether a sender is one text or a list of them, and how the field is called. */
const Addresses = Type.Union([
  Type.String({ maxLength: 2_048 }),
  Type.Array(Type.String({ maxLength: 2_048 })),
]);
const OptionalText = Type.Optional(Type.Union([Type.String(), Type.Null()]));

/** The parts of an event that are read. Source: provider document "Webhooks: events". */
const Received = Type.Object({
  event_type: Type.Literal("message.received"),
  message: Type.Object({
    inbox_id: Type.String({ maxLength: 320 }),
    message_id: Type.String({ maxLength: 1_024 }),
    timestamp: Type.Optional(Type.String({ maxLength: 64 })),
    from: Type.Optional(Addresses),
    from_: Type.Optional(Addresses),
    subject: OptionalText,
    text: OptionalText,
    extracted_text: OptionalText,
    attachments: Type.Optional(
      Type.Union([Type.Array(Type.Object({ filename: OptionalText })), Type.Null()]),
    ),
  }),
});

const MAX_SUBJECT_CHARS = 500;
const MAX_FILENAME_CHARS = 200;
const MAX_ATTACHMENTS = 20;
/** Sent without its text when it is long or only formatted. */
const NO_TEXT = "[no plain text came with it; the whole mail is in the mailbox]";

/** Undefined for every event but mail that came in and is not taken for spam. */
export function readAgentMailEvent(body: unknown, nowMs: number): OutsideMessage | undefined {
  if (!Value.Check(Received, body)) return undefined;
  const { message } = body;
  const from = [message.from ?? message.from_ ?? "unknown"].flat().join(", ");
  const attachments = (message.attachments ?? []).flatMap(({ filename }) => filename ?? []);
  return {
    from,
    to: message.inbox_id.toLowerCase(),
    sentAt: message.timestamp ?? new Date(nowMs).toISOString(),
    reference: message.message_id,
    ...(message.subject ? { subject: message.subject.slice(0, MAX_SUBJECT_CHARS) } : {}),
    text: cutText(message.extracted_text || message.text || NO_TEXT),
    attachments: attachments.slice(0, MAX_ATTACHMENTS).map((name) => name.slice(0, MAX_FILENAME_CHARS)),
  };
}
