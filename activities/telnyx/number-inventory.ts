import type { InventoryItem } from "../resources/resource-kind.ts";
import type { TelnyxClient } from "./client.ts";
import { hasEnded, namesOf, numberOf } from "./standing.ts";

/** Every number, and every order that may still become one, whose name starts with the prefix. */
export async function listNamed(client: TelnyxClient, namePrefix: string): Promise<InventoryItem[]> {
  const items = new Map<string, InventoryItem>();
  const add = (phoneNumber: string | undefined, names: readonly string[], at?: string | null) => {
    const name = names.find((candidate) => candidate.startsWith(namePrefix));
    if (phoneNumber === undefined || name === undefined) return;
    items.set(phoneNumber, { externalId: phoneNumber, name, ...(at ? { createdAt: new Date(at) } : {}) });
  };
  // Orders first: one that ends meanwhile is then seen as a number.
  for (const order of await client.listOrders({ status: "pending" })) {
    const reference = order.customer_reference;
    if (order.status === "pending") add(numberOf(order), reference ? [reference] : [], order.created_at);
  }
  for (const number of await client.listNumbers({}))
    if (!hasEnded(number)) add(number.phone_number, namesOf(number), number.purchased_at);
  return [...items.values()];
}
