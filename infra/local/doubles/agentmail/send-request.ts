import { randomUUID } from "node:crypto";
import Type, { type Static } from "typebox";
import { addressList } from "./addresses.ts";
import type { Letter } from "./mailroom.ts";
import type { AttachmentRecord, InboxRecord } from "./records.ts";

const Address = Type.String({ pattern: "^[^@\\s]+@[^@\\s]+$|<[^@\\s]+@[^@\\s]+>$", maxLength: 500 });
const Addresses = Type.Optional(Type.Union([Address, Type.Array(Address, { maxItems: 50 })]));

/** Attachments by URL are refused: this double fetches nothing. */
export const AttachmentSchema = Type.Object(
  {
    filename: Type.Optional(Type.String({ maxLength: 256 })),
    content_type: Type.Optional(Type.String({ maxLength: 256 })),
    content_disposition: Type.Optional(Type.Union([Type.Literal("inline"), Type.Literal("attachment")])),
    content_id: Type.Optional(Type.String({ maxLength: 256 })),
    content: Type.String({ pattern: "^[A-Za-z0-9+/\\s]*={0,2}$" }),
  },
  { additionalProperties: false },
);

/** A body of send, reply, reply-all and forward. */
export const SendSchema = Type.Object({
  labels: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 50 })),
  reply_to: Addresses,
  to: Addresses,
  cc: Addresses,
  bcc: Addresses,
  reply_all: Type.Optional(Type.Boolean()),
  subject: Type.Optional(Type.String({ maxLength: 998 })),
  text: Type.Optional(Type.String()),
  html: Type.Optional(Type.String()),
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  attachments: Type.Optional(Type.Array(AttachmentSchema, { maxItems: 50 })),
});
export type SendBody = Static<typeof SendSchema>;

/** The letter of a request, from the inbox to whom the body says. */
export function letterOf(inbox: InboxRecord, body: SendBody): Letter {
  const replyTo = addressList(body.reply_to);
  const cc = addressList(body.cc);
  const bcc = addressList(body.bcc);
  return {
    from: inbox.display_name === undefined ? inbox.inbox_id : `${inbox.display_name} <${inbox.inbox_id}>`,
    to: addressList(body.to),
    labels: body.labels ?? [],
    attachments: (body.attachments ?? []).map(attachmentOf),
    ...(replyTo.length === 0 ? {} : { reply_to: replyTo }),
    ...(cc.length === 0 ? {} : { cc }),
    ...(bcc.length === 0 ? {} : { bcc }),
    ...(body.subject === undefined ? {} : { subject: body.subject }),
    ...(body.text === undefined ? {} : { text: body.text }),
    ...(body.html === undefined ? {} : { html: body.html }),
    ...(body.headers === undefined ? {} : { headers: body.headers }),
  };
}

export function attachmentOf(sent: Static<typeof AttachmentSchema>): AttachmentRecord {
  const bytes = Buffer.from(sent.content, "base64");
  return { ...sent, attachment_id: randomUUID(), size: bytes.length, content: bytes.toString("base64") };
}
