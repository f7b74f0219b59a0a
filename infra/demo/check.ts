import { isDeepStrictEqual } from "node:util";

/** What differs between two sequences, each difference in a sentence; none when they are the same. */
export function differences<Item>(
  what: string,
  { expected, actual }: { readonly expected: readonly Item[]; readonly actual: readonly Item[] },
  show: (item: Item) => string,
): string[] {
  const told = (item: Item | undefined): string => (item === undefined ? "nothing" : `"${show(item)}"`);
  const at = Array.from({ length: Math.max(expected.length, actual.length) }, (_, index) => index).find(
    (index) => !isDeepStrictEqual(expected[index], actual[index]),
  );
  // After the first one everything may be shifted, which says nothing more.
  return at === undefined
    ? []
    : [`${what}, at ${at + 1}: expected ${told(expected[at])}, there is ${told(actual[at])}`];
}
