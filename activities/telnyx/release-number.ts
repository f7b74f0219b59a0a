import { PlatformError } from "../../domain/errors.ts";
import type { TelnyxClient } from "./client.ts";
import { findStanding, type Standing } from "./standing.ts";

/**
 * Gives the number back, or cancels the order that may still become it, and reads back that nothing is left under
 * the name. Absent already is a success; a number that an operator has locked is a `conflict`.
 */
export async function releaseNumber(client: TelnyxClient, phoneNumber: string, name: string): Promise<void> {
  const standing = await findStanding(client, phoneNumber, name);
  if (!standing) return;
  await endStanding(client, standing);
  const left = await findStanding(client, phoneNumber, name);
  if (!left) return;
  const what = "order" in left ? "its order is still pending" : "it is still listed";
  throw new PlatformError("transient", { detail: `the number is not released: ${what}` });
}

async function endStanding(client: TelnyxClient, standing: Standing): Promise<void> {
  if ("order" in standing) {
    for (const id of standing.order.sub_number_orders_ids ?? []) await client.cancelSubOrder(id);
    return;
  }
  if (standing.number.deletion_lock_enabled)
    throw new PlatformError("conflict", { detail: "the number is locked against deletion at the provider" });
  await client.deleteNumber(standing.number.id);
}
