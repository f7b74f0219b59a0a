import { MAX_PAGE_ENTRIES } from "./limits.ts";
import { encode, type Fields } from "./protobuf.ts";
import type { LogEntry, TopicLog } from "./topic-log.ts";

/** `xmtp.message_contents.SortDirection`; what is left unset means descending. */
const ASCENDING = 1;
const DESCENDING = 2;

export interface Paging {
  readonly direction: "ascending" | "descending";
  readonly limit: number;
  /** The last id seen, exclusive; 0 is the log's beginning or, descending, its end. */
  readonly cursor: number;
}

export interface Page {
  readonly entries: readonly LogEntry[];
  /** The answer's PagingInfo. */
  readonly info: Uint8Array;
}

/** Ids are 64 bits on the wire but never reach 2^53 here: a cursor above it is beyond every entry all the same. */
export const cursorOf = (fields: Fields, field: number): number =>
  Math.min(Number(fields.uint(field)), Number.MAX_SAFE_INTEGER);

export function readPaging(info: Fields): Paging {
  const asked = Number(info.uint(2));
  return {
    direction: info.uint(1) === BigInt(ASCENDING) ? "ascending" : "descending",
    limit: asked > 0 && asked <= MAX_PAGE_ENTRIES ? asked : MAX_PAGE_ENTRIES,
    cursor: cursorOf(info, 3),
  };
}

/** The answer's cursor is set only when the page is full: that is how a client knows whether to ask again. */
export function readPage(log: TopicLog, topic: string, paging: Paging): Page {
  const { direction, limit, cursor } = paging;
  const entries =
    direction === "ascending"
      ? log.after(topic, cursor, limit)
      : log.before(topic, cursor || Number.MAX_SAFE_INTEGER, limit);
  const next = entries.length === limit ? entries.at(-1)?.id : 0;
  const info = encode([1, direction === "ascending" ? ASCENDING : DESCENDING], [2, limit], [3, next]);
  return { entries, info };
}
