import Type from "typebox";
import { Value } from "typebox/value";
import { json, type Reply } from "../base/reply.ts";
import type { DoubleRequest, Route } from "../base/router.ts";
import type { Account } from "./account.ts";
import { badRequest, errorReply, notFound, unprocessable } from "./errors.ts";
import { messagingObject, numberObject } from "./number-object.ts";
import { settleOrders } from "./orders.ts";
import { pageOf } from "./page.ts";
import type { NumberRecord } from "./records.ts";

const NullableString = Type.Union([Type.String(), Type.Null()]);
const ChangeSchema = Type.Object({
  tags: Type.Optional(Type.Array(Type.String())),
  customer_reference: Type.Optional(NullableString),
});
const MessagingChangeSchema = Type.Object({
  messaging_profile_id: Type.Optional(NullableString),
  tags: Type.Optional(Type.Array(Type.String())),
});

/** `/phone_numbers`: by id, or by number as `+1…` or `%2B1…`. */
export function numberRoutes(account: Account): Route[] {
  const withNumber = ({ params }: DoubleRequest, then: (number: NumberRecord) => Reply): Reply => {
    settleOrders(account);
    const key = params.id ?? "";
    const number =
      account.numbers.get(key) ?? account.numbers.values().find(({ phoneNumber }) => phoneNumber === key);
    return number ? then(number) : notFound();
  };
  const withMessaging = (request: DoubleRequest, then: (number: NumberRecord) => Reply): Reply =>
    withNumber(request, (number) => {
      const isReady = account.nowMs >= number.purchasedAtMs + account.settings.messagingDelayMs;
      return isReady ? then(number) : notFound();
    });
  const present = (number: NumberRecord) => numberObject(account, number);
  return [
    {
      method: "GET",
      path: "/v2/phone_numbers",
      handle({ query }) {
        settleOrders(account);
        const numbers = account.numbers
          .values()
          .filter((number) => account.isListed(number.purchasedAtMs) && fits(number, query));
        return pageOf(query, numbers.reverse().map(present));
      },
    },
    {
      method: "GET",
      path: "/v2/phone_numbers/:id",
      handle: (request) => withNumber(request, (number) => json(200, { data: present(number) })),
    },
    {
      method: "PATCH",
      path: "/v2/phone_numbers/:id",
      handle: (request) =>
        withNumber(request, (number) => {
          const { body } = request;
          if (!Value.Check(ChangeSchema, body)) return badRequest("The change is not well-formed.");
          const changed = {
            ...number,
            tags: body.tags ?? number.tags,
            customerReference:
              body.customer_reference === undefined ? number.customerReference : body.customer_reference,
          };
          account.numbers.put(number.id, changed);
          return json(200, { data: present(changed) });
        }),
    },
    {
      method: "DELETE",
      path: "/v2/phone_numbers/:id",
      handle: (request) =>
        withNumber(request, (number) => {
          if (account.settings.deletionLock)
            return unprocessable("The number has its deletion lock enabled.");
          account.numbers.remove(number.id);
          account.released.put(number.phoneNumber, account.nowMs);
          account.count({ numbersReleased: 1 });
          return json(200, { data: { ...present(number), status: "deleted" } });
        }),
    },
    {
      method: "GET",
      path: "/v2/phone_numbers/:id/messaging",
      handle: (request) => withMessaging(request, (number) => json(200, { data: messagingObject(number) })),
    },
    {
      method: "PATCH",
      path: "/v2/phone_numbers/:id/messaging",
      handle: (request) =>
        withMessaging(request, (number) => {
          const { body } = request;
          if (!Value.Check(MessagingChangeSchema, body)) return badRequest("The change is not well-formed.");
          const wanted = body.messaging_profile_id ?? number.messagingProfileId;
          if (wanted && !account.profiles.get(wanted))
            return errorReply(422, "10027", "Unprocessable Entity", "There is no such messaging profile.");
          const changed = { ...number, messagingProfileId: wanted || null, tags: body.tags ?? number.tags };
          account.numbers.put(number.id, changed);
          return json(200, { data: messagingObject(changed) });
        }),
    },
  ];
}

function fits(number: NumberRecord, query: URLSearchParams): boolean {
  const reference = query.get("filter[customer_reference]");
  const tag = query.get("filter[tag]");
  const digits = query.get("filter[phone_number]");
  const status = query.get("filter[status]");
  return (
    (reference === null || number.customerReference === reference) &&
    (tag === null || number.tags.includes(tag)) &&
    // As documented: at least three digits, and anything that is no digit finds nothing.
    (digits === null || (/^\d{3,}$/.test(digits) && number.phoneNumber.includes(digits))) &&
    (status === null || status === "active")
  );
}
