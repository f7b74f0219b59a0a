import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Page, type Paging, readPage, readPaging } from "./paging.ts";
import { decode, encode } from "./protobuf.ts";
import { Store } from "./store.ts";

let store: Store;
beforeEach(() => {
  store = new Store();
  for (let count = 1; count <= 250; count += 1) {
    store.groupMessages.append(count % 5 === 0 ? "other" : "topic", () => new Uint8Array([count]));
  }
});
afterEach(() => store.close());

const read = (paging: Paging): Page => readPage(store.groupMessages, "topic", paging);
const idsOf = (page: Page): number[] => page.entries.map((entry) => entry.id);
const nextOf = (page: Page): number => Number(decode(page.info).uint(3));

/** Pages on as a client does: while the answer has a cursor. */
function readAll(direction: Paging["direction"], limit: number): number[] {
  const ids: number[] = [];
  for (let cursor = 0; ; ) {
    const page = read({ direction, limit, cursor });
    ids.push(...idsOf(page));
    cursor = nextOf(page);
    if (cursor === 0) return ids;
  }
}

describe("paging", () => {
  const ids = Array.from({ length: 250 }, (_, index) => index + 1).filter((id) => id % 5 !== 0);

  it.for([7, 99, 100])("gives each entry once, in either direction, by %i", (limit) => {
    expect(readAll("ascending", limit)).toEqual(ids);
    expect(readAll("descending", limit)).toEqual(ids.toReversed());
  });

  it("answers with a cursor only when the page is full", () => {
    expect(nextOf(read({ direction: "ascending", limit: 3, cursor: 0 }))).toBe(3);
    expect(nextOf(read({ direction: "ascending", limit: 3, cursor: 247 }))).toBe(0);
    expect(idsOf(read({ direction: "ascending", limit: 3, cursor: 250 }))).toEqual([]);
  });

  it("understands PagingInfo: unset is descending, a limit of at most 100, a cursor beyond every id", () => {
    expect(readPaging(decode(encode()))).toEqual({ direction: "descending", limit: 100, cursor: 0 });
    expect(readPaging(decode(encode([1, 1], [2, 5], [3, 9])))).toEqual({
      direction: "ascending",
      limit: 5,
      cursor: 9,
    });
    const far = readPaging(decode(encode([1, 1], [2, 101], [3, 2n ** 64n - 1n])));
    expect(far.limit).toBe(100);
    expect(idsOf(read(far))).toEqual([]);
  });
});
