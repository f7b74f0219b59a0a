import Type from "typebox";
import { Value } from "typebox/value";
import type { JsonReply } from "../base/reply.ts";
import { validationError } from "./errors.ts";
import type { Settings } from "./settings.ts";

interface Page<Item> {
  items: Item[];
  /** What stands around the items in the answer. */
  frame: { count: number; limit: number; next_page_token?: string };
}

const START = "start";
const PositionSchema = Type.Integer({ minimum: 1 });

/**
 * One page of a list, newest first unless asked otherwise. A token is the position of the last item shown, so that
 * what is deleted meanwhile neither hides nor repeats another item.
 */
export function pageOf<Item extends { position: number }>(
  all: readonly Item[],
  query: URLSearchParams,
  settings: Settings,
): Page<Item> | JsonReply {
  const wanted = Number(query.get("limit") ?? settings.maxPageSize);
  if (!Value.Check(PositionSchema, wanted)) return validationError("limit", "expected a positive integer");
  const limit = Math.min(wanted, settings.maxPageSize);
  const token = query.get("page_token");
  if (token === null && settings.emptyFirstPage) {
    return { items: [], frame: { count: 0, limit, next_page_token: encode(START) } };
  }
  const direction = query.get("ascending") === "true" ? 1 : -1;
  const sorted = all.toSorted((a, b) => direction * (a.position - b.position));
  const last = token === null ? START : Buffer.from(token, "base64url").toString();
  const after = last === START ? undefined : Number(last);
  if (after !== undefined && !Value.Check(PositionSchema, after)) {
    return validationError("page_token", "not a page token");
  }
  const rest =
    after === undefined ? sorted : sorted.filter(({ position }) => direction * (position - after) > 0);
  const items = rest.slice(0, limit);
  const lastShown = items.at(-1);
  const next =
    rest.length > items.length && lastShown ? { next_page_token: encode(String(lastShown.position)) } : {};
  return { items, frame: { count: items.length, limit, ...next } };
}

const encode = (text: string): string => Buffer.from(text).toString("base64url");
