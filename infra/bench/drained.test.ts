import { expect, it } from "vitest";
import { overtakings } from "./drained.ts";

it.each([
  [[], 0],
  [[1, 2, 2, 3], 0],
  [[2, 1, 3], 1],
  [[2, 3, 1], 2],
  [[3, 2, 1], 2],
])("counts in %j the claims that were served before an earlier one", (order, expected) => {
  expect(overtakings(order)).toBe(expected);
});
