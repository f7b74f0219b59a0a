import { Type } from "typebox";
import { Value } from "typebox/value";
import type { OutsideMessage } from "../../domain/inbound.ts";
import { cutText } from "./cut-text.ts";

/** The parts of an event that are read; the provider sends more. Source: provider document "Webhooks v2". */
const Received = Type.Object({
  data: Type.Object({
    event_type: Type.Literal("message.received"),
    id: Type.String({ minLength: 1, maxLength: 128 }),
    occurred_at: Type.String({ maxLength: 64 }),
    payload: Type.Object({
      id: Type.String({ maxLength: 128 }),
      direction: Type.Literal("inbound"),
      from: Type.Object({ phone_number: Type.String({ maxLength: 64 }) }),
      to: Type.Array(Type.Object({ phone_number: Type.String({ maxLength: 64 }) }), { minItems: 1 }),
      text: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      media: Type.Optional(
        Type.Array(Type.Object({ url: Type.Optional(Type.String({ maxLength: 2_048 })) })),
      ),
      autoresponse_type: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    }),
  }),
});

const MAX_ATTACHMENTS = 10;
/** What the provider answers by itself. Source: provider document "Advanced Opt-In/Out". */
const KEYWORD = /^\s*(stop|stop ?all|unsubscribe|cancel|end|quit|start|unstop|help)\s*$/i;

export interface ReceivedSms {
  eventId: string;
  /** Our number first, where only one was written to. */
  to: readonly string[];
  isKeyword: boolean;
  message: OutsideMessage;
}

/** Undefined for every event but a message that somebody sent to one of our numbers. */
export function readTelnyxEvent(body: unknown): ReceivedSms | undefined {
  if (!Value.Check(Received, body)) return undefined;
  const { id: eventId, occurred_at: sentAt, payload } = body.data;
  const to = payload.to.map(({ phone_number: number }) => number);
  const text = payload.text ?? "";
  return {
    eventId,
    to,
    isKeyword: Boolean(payload.autoresponse_type) || KEYWORD.test(text),
    message: {
      from: payload.from.phone_number,
      to: to[0] ?? "",
      sentAt,
      reference: payload.id,
      text: cutText(text),
      attachments: (payload.media ?? []).flatMap(({ url }) => url ?? []).slice(0, MAX_ATTACHMENTS),
    },
  };
}
