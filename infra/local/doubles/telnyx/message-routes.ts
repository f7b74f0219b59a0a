import Type, { type Static } from "typebox";
import { Value } from "typebox/value";
import { type JsonReply, json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { errorReply, missingParameter, notFound } from "./errors.ts";
import { messageObject } from "./message-object.ts";
import { optOutKey, sendMessage, spentTodayUsd } from "./messages.ts";
import { settleOrders } from "./orders.ts";
import { pageOf } from "./page.ts";
import { isoTime, type NumberRecord, type ProfileRecord } from "./records.ts";
import { measureText } from "./sms-text.ts";
import type { WebhookSender } from "./webhook-sender.ts";

const NullableString = Type.Union([Type.String(), Type.Null()]);
const SendSchema = Type.Object({
  to: Type.String(),
  from: Type.String(),
  text: Type.Optional(Type.String()),
  media_urls: Type.Optional(Type.Array(Type.String(), { maxItems: 10 })),
  messaging_profile_id: Type.Optional(Type.String()),
  webhook_url: Type.Optional(NullableString),
  webhook_failover_url: Type.Optional(NullableString),
});
type SendBody = Static<typeof SendSchema>;
const MAX_PARTS = 10;
const RETRIEVABLE_MS = 10 * 24 * 3_600_000;

/** `/messages` and `/messaging_optouts`. Each POST sends again; there is no list of messages. */
export function messageRoutes(account: Account, webhooks: WebhookSender): Route[] {
  return [
    {
      method: "POST",
      path: "/v2/messages",
      handle({ body }) {
        settleOrders(account);
        if (!Value.Check(SendSchema, body)) return missingParameter(missing(body));
        if (!body.text && !body.media_urls?.length) return missingParameter("/text");
        const sender = senderOf(account, body);
        if (!sender) return refused("40305", "Invalid 'from' address", "The number cannot send.", "/from");
        const refusal = refuse(account, body, sender.profile);
        if (refusal) return refusal;
        const message = sendMessage(account, webhooks, {
          from: sender.number,
          to: body.to,
          text: body.text ?? "",
          mediaUrls: body.media_urls ?? [],
          profile: sender.profile,
          webhookUrl: body.webhook_url ?? null,
          webhookFailoverUrl: body.webhook_failover_url ?? null,
        });
        return json(200, { data: messageObject(message, account.nowMs) });
      },
    },
    {
      method: "GET",
      path: "/v2/messages/:id",
      handle({ params }) {
        const message = account.messages.get(params.id ?? "");
        if (!message || account.nowMs > message.createdAtMs + RETRIEVABLE_MS) return notFound();
        return json(200, { data: messageObject(message, account.nowMs) });
      },
    },
    {
      method: "GET",
      path: "/v2/messaging_optouts",
      handle({ query }) {
        const profileId = query.get("filter[messaging_profile_id]");
        const optOuts = account.optOuts
          .values()
          .filter((optOut) => profileId === null || optOut.profileId === profileId);
        const data = optOuts.map((optOut) => ({
          messaging_profile_id: optOut.profileId,
          from: optOut.ourNumber,
          to: optOut.person,
          keyword: optOut.keyword,
          created_at: isoTime(optOut.createdAtMs),
        }));
        return pageOf(query, data);
      },
    },
  ];
}

/** The number that sends and its profile: a number without SMS or profile cannot. */
function senderOf(
  account: Account,
  body: SendBody,
): { number: NumberRecord; profile: ProfileRecord } | undefined {
  const number = account.numbers.values().find(({ phoneNumber }) => phoneNumber === body.from);
  const profile = account.profiles.get(number?.messagingProfileId ?? "");
  if (!number?.hasSms || !profile) return undefined;
  const isOther = body.messaging_profile_id !== undefined && body.messaging_profile_id !== profile.id;
  return isOther ? undefined : { number, profile };
}

function refuse(account: Account, body: SendBody, profile: ProfileRecord): JsonReply | undefined {
  const { to } = body;
  if (!/^\+[1-9]\d{6,14}$/.test(to))
    return refused("40310", "Invalid 'to' address", "The recipient is not a number in +E.164.", "/to");
  if (!profile.enabled) return refused("40312", "Messaging profile is disabled", "It cannot send.");
  const allowed = profile.whitelistedDestinations;
  if (allowed.length === 0)
    return refused("40331", "No destinations whitelisted", "The profile has no whitelisted destinations.");
  const isDomestic = to.startsWith("+1") && to.length === 12;
  if (!allowed.includes("*") && !(isDomestic && allowed.includes("US")))
    return refused("40309", "Invalid destination region", "The destination is not whitelisted.", "/to");
  if (account.optOuts.get(optOutKey(profile.id, to)))
    return refused(
      "40300",
      "Blocked due to STOP message",
      `Messages cannot be sent from '${body.from}' to '${to}' due to an existing block rule.`,
    );
  const { parts } = measureText(body.text ?? "");
  if (parts > MAX_PARTS) return refused("40302", "Message too large", "It has too many parts.", "/text");
  if (account.settings.messageQueueFull)
    return refused("40318", "Message queue full", "The queue of messages is full.");
  const costUsd = parts * account.settings.messagePartUsd;
  const limit = profile.dailySpendLimitEnabled ? Number(profile.dailySpendLimit) : Number.POSITIVE_INFINITY;
  if (spentTodayUsd(account, profile.id) + costUsd > limit)
    return refused("40333", "Spend limit reached", "The messaging profile's daily spend limit is reached.");
  return account.balanceUsd < costUsd
    ? errorReply(403, account.settings.insufficientFundsCode, "Insufficient funds", "The balance is too low.")
    : undefined;
}

const refused = (code: string, title: string, detail: string, pointer?: string): JsonReply =>
  errorReply(400, code, title, detail, pointer);

function missing(body: unknown): string {
  return typeof body === "object" && body !== null && "to" in body ? "/from" : "/to";
}
