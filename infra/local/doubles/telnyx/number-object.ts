import type { Account } from "./account.ts";
import { isoTime, type NumberRecord } from "./records.ts";

/** A number as `/phone_numbers` shows it. */
export const numberObject = (account: Account, number: NumberRecord): Record<string, unknown> => ({
  id: number.id,
  record_type: "phone_number",
  phone_number: number.phoneNumber,
  phone_number_type: "local",
  country_iso_alpha2: "US",
  status: "active",
  tags: number.tags,
  customer_reference: number.customerReference,
  external_pin: null,
  connection_id: null,
  connection_name: null,
  billing_group_id: null,
  emergency_enabled: false,
  emergency_address_id: null,
  messaging_profile_id: number.messagingProfileId,
  messaging_profile_name: number.messagingProfileId
    ? (account.profiles.get(number.messagingProfileId)?.name ?? null)
    : null,
  deletion_lock_enabled: account.settings.deletionLock,
  hd_voice_enabled: true,
  source_type: "number_order",
  purchased_at: isoTime(number.purchasedAtMs),
  created_at: isoTime(number.purchasedAtMs),
  updated_at: isoTime(number.purchasedAtMs),
});

const TWO_WAY = { domestic_two_way: true, international_inbound: true, international_outbound: true };

/** A number as `/phone_numbers/:id/messaging` shows it. Without SMS its features are null. */
export const messagingObject = (number: NumberRecord): Record<string, unknown> => ({
  id: number.id,
  record_type: "messaging_settings",
  phone_number: number.phoneNumber,
  country_code: "US",
  type: "longcode",
  messaging_product: "A2P",
  eligible_messaging_products: number.hasSms ? ["A2P"] : [],
  traffic_type: "A2P",
  messaging_profile_id: number.messagingProfileId,
  features: number.hasSms ? { sms: TWO_WAY, mms: null } : { sms: null, mms: null },
  tags: number.tags,
  created_at: isoTime(number.purchasedAtMs),
  updated_at: isoTime(number.purchasedAtMs),
});
