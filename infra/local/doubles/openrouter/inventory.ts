import { type KeyRecord, limitRemaining } from "./key-record.ts";

/** A key as the inventory shows it. Money is in USD. */
export interface KeyView {
  hash: string;
  name: string;
  disabled: boolean;
  limit: number | null;
  limitRemaining: number | null;
  usage: number;
  createdAt: string;
}

export function viewKey(key: KeyRecord, nowMs: number): KeyView {
  return {
    hash: key.hash,
    name: key.name,
    disabled: key.disabled,
    limit: key.limit,
    limitRemaining: limitRemaining(key, key.meter, nowMs),
    usage: key.meter.lifetimeUsd,
    createdAt: key.created_at,
  };
}
