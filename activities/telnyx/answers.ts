import { type Static, Type } from "typebox";

/** The fields of Telnyx's answers that this platform reads; the provider sends more and may add others. */

const NullableString = Type.Union([Type.String(), Type.Null()]);

/** `status`: `pending`, `success` or `failure`; the documents also know `cancelled` and `deleted`. */
export const NumberOrder = Type.Object({
  id: Type.String({ minLength: 1 }),
  status: Type.String(),
  customer_reference: Type.Optional(NullableString),
  phone_numbers: Type.Optional(Type.Array(Type.Object({ phone_number: Type.String() }))),
  sub_number_orders_ids: Type.Optional(Type.Array(Type.String())),
  created_at: Type.Optional(Type.String()),
});
export type NumberOrder = Static<typeof NumberOrder>;

/** A number of the account. `phone_number` is E.164, `+1…`. */
export const PhoneNumber = Type.Object({
  id: Type.String({ minLength: 1 }),
  phone_number: Type.String({ minLength: 1 }),
  status: Type.String(),
  customer_reference: Type.Optional(NullableString),
  tags: Type.Optional(Type.Array(Type.String())),
  deletion_lock_enabled: Type.Optional(Type.Boolean()),
  purchased_at: Type.Optional(NullableString),
});
export type PhoneNumber = Static<typeof PhoneNumber>;

/** `features.sms` is null for a number that only speaks. */
export const MessagingSettings = Type.Object({
  messaging_profile_id: Type.Optional(NullableString),
  features: Type.Optional(
    Type.Union([
      Type.Object({ sms: Type.Optional(Type.Union([Type.Object({}), Type.Null()])) }),
      Type.Null(),
    ]),
  ),
});
export type MessagingSettings = Static<typeof MessagingSettings>;

export const MessagingProfile = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  created_at: Type.Optional(Type.String()),
  enabled: Type.Optional(Type.Boolean()),
  whitelisted_destinations: Type.Optional(Type.Array(Type.String())),
  webhook_url: Type.Optional(NullableString),
  webhook_api_version: Type.Optional(Type.String()),
  daily_spend_limit: Type.Optional(NullableString),
  daily_spend_limit_enabled: Type.Optional(Type.Boolean()),
});
export type MessagingProfile = Static<typeof MessagingProfile>;

export const AvailableNumber = Type.Object({
  phone_number: Type.String({ minLength: 1 }),
  features: Type.Optional(Type.Array(Type.Object({ name: Type.Optional(Type.String()) }))),
});
export type AvailableNumber = Static<typeof AvailableNumber>;

/** An error answer. `code` is a number written as a string. */
export const ErrorAnswer = Type.Object({
  errors: Type.Array(Type.Object({ code: Type.Union([Type.String(), Type.Number()]) }), { minItems: 1 }),
});
