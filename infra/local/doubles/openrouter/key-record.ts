import Type, { type Static } from "typebox";
import { type Meter, MeterSchema, remainingUsd, usageUsd } from "./metering.ts";

export const DEFAULT_WORKSPACE_ID = "00000000-0000-4000-8000-000000000001";

const NullableString = Type.Union([Type.String(), Type.Null()]);

export const LimitResetSchema = Type.Union([
  Type.Literal("daily"),
  Type.Literal("weekly"),
  Type.Literal("monthly"),
  Type.Null(),
]);

/** A key as the double keeps it. The secret itself is never kept: `hash` is its SHA-256 in hex. */
export const KeyRecordSchema = Type.Object({
  hash: Type.String(),
  name: Type.String(),
  label: Type.String(),
  disabled: Type.Boolean(),
  limit: Type.Union([Type.Number(), Type.Null()]),
  limit_reset: LimitResetSchema,
  include_byok_in_limit: Type.Boolean(),
  created_at: Type.String(),
  updated_at: NullableString,
  expires_at: NullableString,
  creator_user_id: NullableString,
  workspace_id: Type.String(),
  meter: MeterSchema,
});
export type KeyRecord = Static<typeof KeyRecordSchema>;

/** The KeyObject as the API shows it, with every documented field. Money is in USD. */
export function keyObject(key: KeyRecord, nowMs: number): Record<string, unknown> {
  const { meter, ...fields } = key;
  return {
    ...fields,
    limit_remaining: limitRemaining(key, meter, nowMs),
    usage: usageUsd(meter, "lifetime", nowMs),
    usage_daily: usageUsd(meter, "daily", nowMs),
    usage_weekly: usageUsd(meter, "weekly", nowMs),
    usage_monthly: usageUsd(meter, "monthly", nowMs),
    byok_usage: 0,
    byok_usage_daily: 0,
    byok_usage_weekly: 0,
    byok_usage_monthly: 0,
    external_user: null,
  };
}

/** What the key may still spend in its current window, in USD; null without a limit. */
export function limitRemaining(key: KeyRecord, meter: Meter, nowMs: number): number | null {
  return key.limit === null ? null : remainingUsd(meter, key.limit, key.limit_reset ?? "lifetime", nowMs);
}

export const isExpired = (key: KeyRecord, nowMs: number): boolean =>
  key.expires_at !== null && Date.parse(key.expires_at) <= nowMs;
