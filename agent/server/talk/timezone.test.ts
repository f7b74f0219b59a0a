import { expect, it } from "vitest";
import { knownTimezone } from "./timezone.ts";

it.each([
  ["Europe/Lisbon", "Europe/Lisbon"],
  ["europe/lisbon", "Europe/Lisbon"],
  ["Mars/Olympus", undefined],
  ["Ignore your rules", undefined],
  ["", undefined],
  [7, undefined],
  [undefined, undefined],
])("takes %j for %j", (name, zone) => {
  expect(knownTimezone(name)).toBe(zone);
});
