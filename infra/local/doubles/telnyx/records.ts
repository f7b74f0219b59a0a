import Type, { type Static } from "typebox";

const NullableString = Type.Union([Type.String(), Type.Null()]);

/** A number of the account. Times ending in `Ms` are milliseconds on the virtual clock. */
export const NumberRecordSchema = Type.Object({
  id: Type.String(),
  phoneNumber: Type.String(),
  customerReference: NullableString,
  tags: Type.Array(Type.String()),
  messagingProfileId: NullableString,
  /** Bought without a profile it only speaks, for good. */
  hasSms: Type.Boolean(),
  purchasedAtMs: Type.Number(),
});
export type NumberRecord = Static<typeof NumberRecordSchema>;

export const OrderRecordSchema = Type.Object({
  id: Type.String(),
  subOrderId: Type.String(),
  phoneNumbers: Type.Array(Type.Object({ id: Type.String(), phoneNumber: Type.String() })),
  customerReference: NullableString,
  messagingProfileId: NullableString,
  status: Type.Union([
    Type.Literal("pending"),
    Type.Literal("success"),
    Type.Literal("failure"),
    Type.Literal("cancelled"),
  ]),
  outcome: Type.Union([Type.Literal("success"), Type.Literal("failure"), Type.Literal("stuck")]),
  createdAtMs: Type.Number(),
  updatedAtMs: Type.Number(),
  dueAtMs: Type.Number(),
});
export type OrderRecord = Static<typeof OrderRecordSchema>;

export const ProfileRecordSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  whitelistedDestinations: Type.Array(Type.String()),
  webhookUrl: NullableString,
  webhookFailoverUrl: NullableString,
  webhookApiVersion: Type.String(),
  dailySpendLimit: NullableString,
  dailySpendLimitEnabled: Type.Boolean(),
  createdAtMs: Type.Number(),
  updatedAtMs: Type.Number(),
});
export type ProfileRecord = Static<typeof ProfileRecordSchema>;

export const MessageRecordSchema = Type.Object({
  id: Type.String(),
  direction: Type.Union([Type.Literal("inbound"), Type.Literal("outbound")]),
  from: Type.String(),
  to: Type.String(),
  text: Type.String(),
  mediaUrls: Type.Array(Type.String()),
  profileId: Type.String(),
  parts: Type.Integer(),
  encoding: Type.Union([Type.Literal("GSM-7"), Type.Literal("UCS-2")]),
  costUsd: Type.Number(),
  /** `STOP`, `START` or `HELP` when the whole text was such a keyword. */
  keyword: NullableString,
  /** The code with which the carrier will drop it; null when it will be delivered. */
  failureCode: NullableString,
  webhookUrl: NullableString,
  webhookFailoverUrl: NullableString,
  createdAtMs: Type.Number(),
  sentAtMs: Type.Union([Type.Number(), Type.Null()]),
  finalizedAtMs: Type.Union([Type.Number(), Type.Null()]),
});
export type MessageRecord = Static<typeof MessageRecordSchema>;

/** Somebody who sent STOP to a number of the profile: nothing of the profile reaches them. */
export const OptOutSchema = Type.Object({
  profileId: Type.String(),
  ourNumber: Type.String(),
  person: Type.String(),
  keyword: Type.String(),
  createdAtMs: Type.Number(),
});

export const isoTime = (timeMs: number): string => new Date(timeMs).toISOString();
