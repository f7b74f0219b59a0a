import type { Account } from "./account.ts";
import { statusOf } from "./message-object.ts";
import { settleOrders } from "./orders.ts";
import { isoTime, type OrderRecord } from "./records.ts";
import type { Settings } from "./settings.ts";

/** What exists at the double: no texts, no secrets, no numbers of people. Money is in USD. */
export interface TelnyxState {
  numbers: {
    id: string;
    phoneNumber: string;
    customerReference: string | null;
    tags: string[];
    messagingProfileId: string | null;
    hasSms: boolean;
    purchasedAt: string;
  }[];
  orders: {
    id: string;
    status: OrderRecord["status"];
    customerReference: string | null;
    phoneNumbers: string[];
  }[];
  profiles: { id: string; name: string; enabled: boolean; hasWebhook: boolean }[];
  messages: { id: string; direction: string; status: string; ourNumber: string }[];
  optOuts: number;
  numbersBought: number;
  numbersReleased: number;
  spentUsd: number;
  balanceUsd: number;
  undeliveredWebhooks: number;
  settings: Settings;
}

export function stateOf(account: Account, undeliveredWebhooks: number): TelnyxState {
  settleOrders(account);
  return {
    numbers: account.numbers.values().map(({ purchasedAtMs, ...number }) => ({
      ...number,
      purchasedAt: isoTime(purchasedAtMs),
    })),
    orders: account.orders.values().map(({ id, status, customerReference, phoneNumbers }) => ({
      id,
      status,
      customerReference,
      phoneNumbers: phoneNumbers.map(({ phoneNumber }) => phoneNumber),
    })),
    profiles: account.profiles.values().map(({ id, name, enabled, webhookUrl }) => ({
      id,
      name,
      enabled,
      hasWebhook: webhookUrl !== null,
    })),
    messages: account.messages.values().map((message) => ({
      id: message.id,
      direction: message.direction,
      status: statusOf(message, account.nowMs),
      ourNumber: message.direction === "inbound" ? message.to : message.from,
    })),
    optOuts: account.optOuts.values().length,
    ...account.counters,
    balanceUsd: account.balanceUsd,
    undeliveredWebhooks,
    settings: account.settings,
  };
}
