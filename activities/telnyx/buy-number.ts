import { randomInt } from "node:crypto";
import { PlatformError } from "../../domain/errors.ts";
import type { NumberOrder } from "./answers.ts";
import type { TelnyxClient } from "./client.ts";

const MAX_CANDIDATES = 5;
const SEARCH_LIMIT = 20;
/** With less time left an order would rather be cut off than answered. */
const MIN_ORDER_MS = 2_000;

/** Whether a number was released too recently to be bought again. */
export type IsQuarantined = (phoneNumber: string) => boolean | Promise<boolean>;

/**
 * Searches and orders exactly one number under the name, and returns the order as it was answered. A candidate that
 * is gone is replaced by one of a fresh search.
 */
export async function orderOneNumber(
  client: TelnyxClient,
  wanted: { name: string; profileId: string; isQuarantined: IsQuarantined },
): Promise<NumberOrder> {
  for (let attempt = 0; attempt < MAX_CANDIDATES; attempt++) {
    const candidate = await pickCandidate(client, wanted.isQuarantined);
    if (client.leftMs < MIN_ORDER_MS)
      throw new PlatformError("transient", { detail: "the search for a number took too long" });
    try {
      return await client.orderNumber(candidate, wanted.profileId, wanted.name);
    } catch (error) {
      if (!(error instanceof PlatformError && error.code === "conflict")) throw error;
    }
  }
  throw new PlatformError("transient", { detail: "every candidate was taken by others" });
}

/** At random, as everybody who searches is offered the same numbers in the same order. */
async function pickCandidate(client: TelnyxClient, isQuarantined: IsQuarantined): Promise<string> {
  const offered = await client.searchNumbers(SEARCH_LIMIT);
  const candidates: string[] = [];
  for (const { phone_number: phoneNumber, features } of offered) {
    const hasSms = features?.some(({ name }) => name === "sms") ?? false;
    if (hasSms && !(await isQuarantined(phoneNumber))) candidates.push(phoneNumber);
  }
  if (candidates.length === 0) throw new PlatformError("exhausted", { detail: "no number is on offer" });
  const candidate = candidates[randomInt(candidates.length)];
  if (candidate === undefined) throw new RangeError("the pick is outside of the candidates");
  return candidate;
}

/** Waits for the order's end. One that is still pending when the client's time is over is in doubt. */
export async function waitForOrder(
  client: TelnyxClient,
  ordered: NumberOrder,
  pollMs: number,
): Promise<NumberOrder> {
  let order = ordered;
  while (order.status === "pending") {
    if (!(await client.pause(pollMs)))
      throw new PlatformError("ambiguous", { detail: "the order is still pending" });
    order = await readPlaced(client, order.id);
  }
  if (order.status !== "success")
    throw new PlatformError("transient", { detail: "the order ended without a number" });
  return order;
}

/** The number is on order, so whatever goes wrong here leaves it in doubt. */
async function readPlaced(client: TelnyxClient, id: string): Promise<NumberOrder> {
  try {
    return await client.readOrder(id);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new PlatformError("ambiguous", { detail: `the order cannot be read (${error.code})` });
  }
}
