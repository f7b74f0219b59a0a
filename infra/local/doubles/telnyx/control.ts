import Type from "typebox";
import { Value } from "typebox/value";
import { json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import { settingsRoute } from "../base/settings-route.ts";
import type { Account } from "./account.ts";
import { statusOf } from "./message-object.ts";
import { receiveMessage } from "./messages.ts";
import { settleOrders } from "./orders.ts";
import { SettingsSchema } from "./settings.ts";
import type { WebhookFaults } from "./webhook-faults.ts";
import type { WebhookSender } from "./webhook-sender.ts";

const SettingsChangeSchema = Type.Partial(SettingsSchema, { additionalProperties: false });
const Phone = Type.String({ pattern: "^\\+[1-9]\\d{6,14}$" });
const ReceiveSchema = Type.Object(
  {
    to: Phone,
    from: Phone,
    text: Type.String({ maxLength: 1_600 }),
    mediaUrls: Type.Optional(Type.Array(Type.String(), { maxItems: 10 })),
  },
  { additionalProperties: false },
);

/** The control endpoints of this double alone: its settings, people's phones, and what goes wrong with webhooks. */
export function telnyxControl(account: Account, webhooks: WebhookSender, faults: WebhookFaults): Route[] {
  return [
    settingsRoute("telnyx", SettingsChangeSchema, (change) => account.changeSettings(change)),
    {
      method: "POST",
      path: "/__double/telnyx/receive",
      handle({ body }) {
        if (!Value.Check(ReceiveSchema, body)) return json(400, { error: "expected {to, from, text}" });
        settleOrders(account);
        const number = account.numbers.values().find(({ phoneNumber }) => phoneNumber === body.to);
        if (!number) return json(404, { error: "the account has no such number" });
        const { from, text, mediaUrls = [] } = body;
        const message = receiveMessage(account, webhooks, {
          number,
          from,
          text,
          mediaUrls,
          atMs: account.nowMs,
        });
        return message
          ? json(201, { messageId: message.id })
          : json(409, { error: "the number has no messaging profile" });
      },
    },
    {
      method: "GET",
      path: "/__double/telnyx/messages",
      handle() {
        const messages = account.messages.values().map((message) => ({
          id: message.id,
          direction: message.direction,
          from: message.from,
          to: message.to,
          text: message.text,
          mediaUrls: message.mediaUrls,
          status: statusOf(message, account.nowMs),
        }));
        return json(200, { messages });
      },
    },
    {
      method: "GET",
      path: "/__double/telnyx/webhooks",
      handle: () => json(200, { queued: webhooks.queued, attempts: webhooks.attempts() }),
    },
    {
      method: "POST",
      path: "/__double/telnyx/webhook-faults",
      handle({ body }) {
        try {
          faults.add(body);
        } catch (error) {
          if (error instanceof RangeError) return json(400, { error: error.message });
          throw error;
        }
        return json(201, { faults: faults.list() });
      },
    },
    {
      method: "DELETE",
      path: "/__double/telnyx/webhook-faults",
      handle() {
        faults.clear();
        return json(200, { faults: [] });
      },
    },
  ];
}
