import { decodeOrUndefined } from "../protobuf.ts";

export type JsonObject = { readonly [key: string]: unknown };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The JSON object in these bytes; undefined when they hold anything else. */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  const value: unknown = decodeOrUndefined(() =>
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
  );
  return isJsonObject(value) ? value : undefined;
}

/** Members that are undefined are left out. */
export const jsonBytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const stringOrUndefined = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;
