import { randomInt, randomUUID } from "node:crypto";
import type { Account } from "./account.ts";
import { UPFRONT_USD } from "./available-numbers.ts";
import { isoTime, type OrderRecord } from "./records.ts";

/** Ends the orders whose time has come: those that succeed become numbers of the account and are paid for. */
export function settleOrders(account: Account): void {
  for (const order of account.orders.values()) {
    if (order.status !== "pending" || order.outcome === "stuck" || account.nowMs < order.dueAtMs) continue;
    account.orders.put(order.id, { ...order, status: order.outcome, updatedAtMs: order.dueAtMs });
    if (order.outcome === "failure") continue;
    for (const { phoneNumber } of order.phoneNumbers) {
      const id = Array.from({ length: 19 }, (_, index) => (index === 0 ? 1 : randomInt(10))).join("");
      account.numbers.put(id, {
        id,
        phoneNumber,
        customerReference: account.settings.referenceOnNumber ? order.customerReference : null,
        tags: [],
        messagingProfileId: order.messagingProfileId,
        hasSms: order.messagingProfileId !== null,
        purchasedAtMs: order.dueAtMs,
      });
      account.count({ spentUsd: UPFRONT_USD, numbersBought: 1 });
    }
  }
}

export function placeOrder(
  account: Account,
  wanted: Pick<OrderRecord, "customerReference" | "messagingProfileId" | "outcome"> & {
    phoneNumbers: readonly string[];
  },
): OrderRecord {
  const { nowMs } = account;
  const order: OrderRecord = {
    ...wanted,
    id: randomUUID(),
    subOrderId: randomUUID(),
    phoneNumbers: wanted.phoneNumbers.map((phoneNumber) => ({ id: randomUUID(), phoneNumber })),
    status: "pending",
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    dueAtMs: nowMs + account.settings.orderPendingMs,
  };
  account.orders.put(order.id, order);
  return order;
}

export const orderObject = (order: OrderRecord): Record<string, unknown> => ({
  id: order.id,
  record_type: "number_order",
  status: order.status,
  customer_reference: order.customerReference,
  messaging_profile_id: order.messagingProfileId,
  connection_id: null,
  billing_group_id: null,
  phone_numbers_count: order.phoneNumbers.length,
  phone_numbers: order.phoneNumbers.map((item) => ({
    id: item.id,
    record_type: "number_order_phone_number",
    phone_number: item.phoneNumber,
    phone_number_type: "local",
    country_code: "US",
    country_iso_alpha2: "US",
    regulatory_requirements: [],
    requirements_met: true,
    requirements_status: "approved",
    status: order.status,
  })),
  sub_number_orders_ids: [order.subOrderId],
  requirements_met: true,
  created_at: isoTime(order.createdAtMs),
  updated_at: isoTime(order.updatedAtMs),
});
