import type { Payload } from "@temporalio/common";

/** Every payload in a value, at any depth, such as those of a history. */
export function payloadsIn(value: unknown): readonly Payload[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return isPayload(value) ? [value] : Object.values(value).flatMap(payloadsIn);
}

const isPayload = (value: object): value is Payload =>
  "metadata" in value && "data" in value && value.data instanceof Uint8Array;
