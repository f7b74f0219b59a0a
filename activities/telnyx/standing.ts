import type { NumberOrder, PhoneNumber } from "./answers.ts";
import type { TelnyxClient } from "./client.ts";

/** A number of the account, or an order that may still become one. */
export type Standing =
  | { phoneNumber: string; number: PhoneNumber }
  | { phoneNumber: string; order: NumberOrder };

const ENDED_NUMBER = new Set(["deleted", "purchase-failed", "port-failed", "ported-out"]);

/**
 * What stands under exactly this name: by customer reference, by tag, and by the orders of the name, whose numbers
 * may not carry it yet. Orders are read first, so that one that ends meanwhile is seen as a number.
 */
export async function standingUnder(client: TelnyxClient, name: string): Promise<Standing[]> {
  const orders = (await client.listOrders({ customer_reference: name })).filter(
    (order) => order.customer_reference === name,
  );
  const numbers = [
    ...(await client.listNumbers({ customer_reference: name })),
    ...(await client.listNumbers({ tag: name })),
  ].filter((number) => namesOf(number).includes(name) && !hasEnded(number));
  const standing = new Map<string, Standing>();
  for (const number of numbers)
    standing.set(number.phone_number, { phoneNumber: number.phone_number, number });
  for (const order of orders) {
    const phoneNumber = numberOf(order);
    if (phoneNumber === undefined || standing.has(phoneNumber)) continue;
    if (order.status === "pending") standing.set(phoneNumber, { phoneNumber, order });
    if (order.status !== "success") continue;
    const number = await findUnnamed(client, phoneNumber);
    if (number) standing.set(phoneNumber, { phoneNumber, number });
  }
  return [...standing.values()];
}

/** The names that a number carries: its customer reference, without one its tags. */
export const namesOf = ({ customer_reference: reference, tags }: PhoneNumber): readonly string[] =>
  reference ? [reference] : (tags ?? []);

export const hasEnded = (number: PhoneNumber): boolean => ENDED_NUMBER.has(number.status);

/** The one number of an order: the platform never orders more. */
export const numberOf = (order: NumberOrder): string | undefined => order.phone_numbers?.[0]?.phone_number;

/** A released number may have been bought by another meanwhile: then it carries another name. */
async function findUnnamed(client: TelnyxClient, phoneNumber: string): Promise<PhoneNumber | undefined> {
  const matching = await client.listNumbers({ phone_number: phoneNumber.replace(/\D/g, "") });
  return matching.find(
    (number) => number.phone_number === phoneNumber && !hasEnded(number) && namesOf(number).length === 0,
  );
}

export async function findStanding(
  client: TelnyxClient,
  phoneNumber: string,
  name: string,
): Promise<Standing | undefined> {
  return (await standingUnder(client, name)).find((standing) => standing.phoneNumber === phoneNumber);
}
