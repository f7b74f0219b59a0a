import Type, { type Static } from "typebox";

/** Records carry the wire's names. `position` counts up over everything that is listed. */
export const InboxRecordSchema = Type.Object({
  position: Type.Integer(),
  inbox_id: Type.String(),
  display_name: Type.Optional(Type.String()),
  client_id: Type.Optional(Type.String()),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  ),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type InboxRecord = Static<typeof InboxRecordSchema>;

export const KeyRecordSchema = Type.Object({
  position: Type.Integer(),
  api_key_id: Type.String(),
  /** Of the secret; the secret itself is kept nowhere. */
  sha256: Type.String(),
  prefix: Type.String(),
  name: Type.String(),
  inbox_id: Type.String(),
  /** Absent: everything is granted. */
  permissions: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type KeyRecord = Static<typeof KeyRecordSchema>;

export const AttachmentRecordSchema = Type.Object({
  attachment_id: Type.String(),
  filename: Type.Optional(Type.String()),
  content_type: Type.Optional(Type.String()),
  content_disposition: Type.Optional(Type.String()),
  content_id: Type.Optional(Type.String()),
  size: Type.Integer(),
  /** Base64. */
  content: Type.String(),
});
export type AttachmentRecord = Static<typeof AttachmentRecordSchema>;

const Addresses = Type.Array(Type.String());

export const MessageRecordSchema = Type.Object({
  position: Type.Integer(),
  inbox_id: Type.String(),
  thread_id: Type.String(),
  message_id: Type.String(),
  labels: Type.Array(Type.String()),
  timestamp: Type.String(),
  from: Type.String(),
  reply_to: Type.Optional(Addresses),
  to: Addresses,
  cc: Type.Optional(Addresses),
  bcc: Type.Optional(Addresses),
  subject: Type.Optional(Type.String()),
  text: Type.Optional(Type.String()),
  html: Type.Optional(Type.String()),
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  in_reply_to: Type.Optional(Type.String()),
  references: Type.Optional(Type.Array(Type.String())),
  attachments: Type.Array(AttachmentRecordSchema),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type MessageRecord = Static<typeof MessageRecordSchema>;

export const WebhookRecordSchema = Type.Object({
  position: Type.Integer(),
  webhook_id: Type.String(),
  url: Type.String(),
  event_types: Type.Array(Type.String()),
  inbox_ids: Type.Optional(Type.Array(Type.String())),
  client_id: Type.Optional(Type.String()),
  secret: Type.String(),
  created_at: Type.String(),
});
export type WebhookRecord = Static<typeof WebhookRecordSchema>;

/** What an Idempotency-Key stands for. */
export const ReplayRecordSchema = Type.Object({
  /** SHA-256 over the path and the body of the request. */
  fingerprint: Type.String(),
  answer: Type.Unknown(),
  expiresAtMs: Type.Number(),
});
