import { Type } from "typebox";

/** What is relied upon in the SDK's answers, which it does not check itself. */
export const Mail = Type.Object({
  messageId: Type.String(),
  from: Type.String(),
  to: Type.Array(Type.String()),
  cc: Type.Optional(Type.Array(Type.String())),
  replyTo: Type.Optional(Type.Array(Type.String())),
  labels: Type.Array(Type.String()),
  attachments: Type.Optional(Type.Array(Type.Object({ attachmentId: Type.String(), size: Type.Number() }))),
});
export const MailPage = Type.Object({ messages: Type.Array(Mail) });
export const Download = Type.Object({ downloadUrl: Type.String(), size: Type.Number() });

/** RFC 3339; the present where the provider says no time. */
export const sentAt = ({ timestamp }: { timestamp: Date | undefined }): string =>
  (timestamp instanceof Date && !Number.isNaN(timestamp.getTime()) ? timestamp : new Date()).toISOString();
