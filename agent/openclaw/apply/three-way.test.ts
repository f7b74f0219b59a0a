import { describe, expect, it } from "vitest";
import { type Action, decide, type Versions } from "./three-way.ts";

const ROWS: readonly [string, Versions, Action][] = [
  ["a first start", { base: [], own: undefined, next: "new" }, "write"],
  ["a new template file", { base: [], own: undefined, next: "new" }, "write"],
  ["nothing changed", { base: ["old"], own: "old", next: "old" }, "keep"],
  ["the template moved on", { base: ["old"], own: "old", next: "new" }, "write"],
  ["the template dropped it", { base: ["old"], own: "old", next: undefined }, "remove"],
  ["the agent changed it", { base: ["old"], own: "its", next: "old" }, "keep"],
  ["both changed it", { base: ["old"], own: "its", next: "new" }, "conflict-kept"],
  ["both changed it alike", { base: ["old"], own: "new", next: "new" }, "keep"],
  ["changed by the agent, dropped by us", { base: ["old"], own: "its", next: undefined }, "conflict-kept"],
  ["deleted by the agent", { base: ["old"], own: undefined, next: "old" }, "write"],
  ["deleted by the agent, dropped by us", { base: ["old"], own: undefined, next: undefined }, "keep"],
  ["an older release wrote today's content", { base: [], own: "new", next: "new" }, "keep"],
  ["an older release or the agent wrote it", { base: [], own: "old", next: "new" }, "conflict-kept"],
  ["a crash before the write", { base: ["old", "mid"], own: "old", next: "new" }, "write"],
  ["a crash after the write", { base: ["old", "mid"], own: "mid", next: "new" }, "write"],
  ["a crash, then a change of the agent's", { base: ["old", "new"], own: "its", next: "new" }, "keep"],
];

describe("the three-way decision", () => {
  it.each(ROWS)("%s", (_case, versions, action) => {
    expect(decide(versions)).toBe(action);
  });
});
