import { randomUUID } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import { complaint, settingsRoute } from "../base/settings-route.ts";
import type { Account } from "./account.ts";
import type { Mailroom } from "./mailroom.ts";
import type { MessageRecord } from "./records.ts";
import { AttachmentSchema, attachmentOf } from "./send-request.ts";
import { SettingsSchema } from "./settings.ts";
import type { WebhookSender } from "./webhook-sender.ts";
import type { Websockets } from "./websockets.ts";

const SettingsChangeSchema = Type.Partial(SettingsSchema, { additionalProperties: false });

const ReceiveSchema = Type.Object(
  {
    inboxId: Type.String(),
    from: Type.String({ minLength: 3, maxLength: 500 }),
    subject: Type.String({ maxLength: 998 }),
    text: Type.String(),
    html: Type.Optional(Type.String()),
    /** The message that it answers, which decides the thread. */
    inReplyTo: Type.Optional(Type.String()),
    verdict: Type.Optional(
      Type.Union([
        Type.Literal("clean"),
        Type.Literal("spam"),
        Type.Literal("blocked"),
        Type.Literal("unauthenticated"),
      ]),
    ),
    attachments: Type.Optional(Type.Array(AttachmentSchema, { maxItems: 50 })),
  },
  { additionalProperties: false },
);

/** The control endpoints of this double alone. `mail` is for tests of what arrived, and shows bodies. */
export function agentMailControl(parts: {
  account: Account;
  mailroom: Mailroom;
  websockets: Websockets;
  webhooks: WebhookSender;
}): Route[] {
  const { account, mailroom, websockets, webhooks } = parts;
  return [
    settingsRoute("agentmail", SettingsChangeSchema, (change) => account.changeSettings(change)),
    {
      method: "POST",
      path: "/__double/agentmail/receive",
      handle({ body }) {
        if (!Value.Check(ReceiveSchema, body)) return complaint(ReceiveSchema, body);
        const inbox = account.inbox(body.inboxId);
        if (!inbox) return json(404, { error: "no such inbox" });
        const { from, subject, text, html, inReplyTo, verdict = "clean", attachments = [] } = body;
        const letter = {
          from,
          to: [inbox.inbox_id],
          subject,
          text,
          labels: [],
          attachments: attachments.map(attachmentOf),
          ...(html === undefined ? {} : { html }),
          ...(inReplyTo === undefined ? {} : { in_reply_to: inReplyTo, references: [inReplyTo] }),
        };
        const message = mailroom.receive(inbox, `<${randomUUID()}@outside.example>`, letter, verdict);
        return json(201, { messageId: message.message_id, threadId: message.thread_id });
      },
    },
    {
      method: "GET",
      path: "/__double/agentmail/mail",
      handle({ query }) {
        const inbox = account.inbox(query.get("inbox") ?? "");
        if (!inbox) return json(404, { error: "no such inbox" });
        return json(200, { messages: account.messagesOf(inbox.inbox_id).map(wholeMessage) });
      },
    },
    {
      method: "GET",
      path: "/__double/agentmail/deliveries",
      handle: () => json(200, { deliveries: webhooks.deliveries() }),
    },
    {
      method: "POST",
      path: "/__double/agentmail/websockets/drop",
      handle: () => json(200, { dropped: websockets.drop() }),
    },
  ];
}

/** In order of arrival, with bodies and attachments in base64. */
function wholeMessage({ position, inbox_id, ...message }: MessageRecord): Record<string, unknown> {
  return message;
}
