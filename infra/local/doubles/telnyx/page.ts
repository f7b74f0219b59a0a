import { type JsonReply, json } from "../base/reply.ts";
import { badRequest } from "./errors.ts";

const DEFAULT_SIZE = 20;
const MAX_SIZE = 250;

/** One page of a list, newest first as the provider sorts it, with `meta`. */
export function pageOf(query: URLSearchParams, items: readonly unknown[]): JsonReply {
  const number = Number(query.get("page[number]") ?? 1);
  const size = Number(query.get("page[size]") ?? DEFAULT_SIZE);
  if (!Number.isInteger(number) || number < 1) return badRequest("page[number] is not valid");
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) return badRequest("page[size] is not valid");
  return json(200, {
    data: items.slice((number - 1) * size, number * size),
    meta: {
      page_number: number,
      page_size: size,
      total_pages: Math.ceil(items.length / size),
      total_results: items.length,
    },
  });
}
