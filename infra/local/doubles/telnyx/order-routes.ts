import Type, { type Static } from "typebox";
import { Value } from "typebox/value";
import { type JsonReply, json } from "../base/reply.ts";
import type { Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { isAvailable, UPFRONT_USD } from "./available-numbers.ts";
import { accountLimit, errorReply, missingParameter, notFound, unprocessable } from "./errors.ts";
import { orderObject, placeOrder, settleOrders } from "./orders.ts";
import { pageOf } from "./page.ts";

const NullableString = Type.Union([Type.String(), Type.Null()]);
const CreateSchema = Type.Object({
  phone_numbers: Type.Array(Type.Object({ phone_number: Type.String() }), { minItems: 1, maxItems: 50 }),
  customer_reference: Type.Optional(NullableString),
  messaging_profile_id: Type.Optional(NullableString),
});

/** Misbehaviours of a single order: somebody else was faster; it fails; it never ends. */
export const ORDER_FAULTS = ["numberTaken", "orderFails", "orderStuck"];

/** `/number_orders`: nothing is idempotent, each POST buys again. */
export function orderRoutes(account: Account): Route[] {
  return [
    {
      method: "POST",
      path: "/v2/number_orders",
      handle({ body, providerFault }) {
        settleOrders(account);
        if (!Value.Check(CreateSchema, body)) return missingParameter("/phone_numbers");
        const refusal = refuse(account, body, providerFault === "numberTaken");
        if (refusal) return refusal;
        const order = placeOrder(account, {
          phoneNumbers: body.phone_numbers.map((item) => item.phone_number),
          customerReference: body.customer_reference ?? null,
          messagingProfileId: body.messaging_profile_id || null,
          outcome: outcomeOf(providerFault) ?? account.settings.orderOutcome,
        });
        return json(200, { data: orderObject(order) });
      },
    },
    {
      method: "GET",
      path: "/v2/number_orders",
      handle({ query }) {
        settleOrders(account);
        const reference = query.get("filter[customer_reference]");
        const status = query.get("filter[status]");
        const orders = account.orders
          .values()
          .filter(
            (order) =>
              account.isListed(order.createdAtMs) &&
              (reference === null || order.customerReference === reference) &&
              (status === null || order.status === status),
          );
        return pageOf(query, orders.reverse().map(orderObject));
      },
    },
    {
      method: "GET",
      path: "/v2/number_orders/:id",
      handle({ params }) {
        settleOrders(account);
        const order = account.orders.get(params.id ?? "");
        return order ? json(200, { data: orderObject(order) }) : notFound();
      },
    },
    {
      method: "PATCH",
      path: "/v2/sub_number_orders/:id/cancel",
      handle({ params }) {
        settleOrders(account);
        const order = account.orders.values().find(({ subOrderId }) => subOrderId === params.id);
        if (!order) return notFound();
        if (order.status !== "pending") return unprocessable("Only a pending sub number order is cancelled.");
        account.orders.put(order.id, { ...order, status: "cancelled", updatedAtMs: account.nowMs });
        const data = { id: order.subOrderId, record_type: "sub_number_order", status: "cancelled" };
        return json(200, { data: { ...data, order_request_id: order.id } });
      },
    },
  ];
}

function refuse(
  account: Account,
  body: Static<typeof CreateSchema>,
  isTaken: boolean,
): JsonReply | undefined {
  const { settings, nowMs } = account;
  for (const { phone_number: phoneNumber } of body.phone_numbers) {
    const offeredAtMs = account.offers.get(phoneNumber);
    if (offeredAtMs === undefined || nowMs > offeredAtMs + settings.searchValidMs)
      return errorReply(
        422,
        "85000",
        "Search required",
        "Only numbers that a recent search returned can be ordered.",
      );
    if (isTaken || !isAvailable(account, phoneNumber))
      return errorReply(settings.takenStatus, "85001", "Not available", "The number is not available.");
  }
  const profileId = body.messaging_profile_id;
  if (profileId && !account.profiles.get(profileId))
    return errorReply(422, "85005", "Invalid messaging profile", "There is no such messaging profile.");
  const count = body.phone_numbers.length;
  const pending = account.orders.values().filter(({ status }) => status === "pending").length;
  if (account.numbers.values().length + pending + count > settings.maxNumbers) return accountLimit();
  if (account.balanceUsd < (pending + count) * UPFRONT_USD)
    return errorReply(403, settings.insufficientFundsCode, "Insufficient funds", "The balance is too low.");
  return undefined;
}

function outcomeOf(providerFault: string | undefined): "failure" | "stuck" | undefined {
  if (providerFault === "orderFails") return "failure";
  return providerFault === "orderStuck" ? "stuck" : undefined;
}
