import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describe as described, normalReceipt, recordedPart, withRecordedPart } from "./document.ts";
import { BEFORE_THE_SECOND, ENDING, EXPECTED, WITH_BOTH } from "./scene.ts";

const GUIDE = readFileSync(join(import.meta.dirname, "../../docs/guides/three-people.md"), "utf8");

describe("the recorded part of the guide", () => {
  it("is replaced, and nothing around it", () => {
    const changed = withRecordedPart(GUIDE, "another\n\npart");
    expect(recordedPart(changed)).toBe("another\n\npart");
    expect(withRecordedPart(changed, recordedPart(GUIDE) ?? "")).toBe(GUIDE);
    expect(() => withRecordedPart("no markers", "part")).toThrow("markers");
  });

  it("shows the conversation as it should be", () => {
    const lines = [...BEFORE_THE_SECOND, ...WITH_BOTH];
    const part = described({ conversation: EXPECTED, ending: ENDING, receipt: "" }, lines);
    const [conversation] = part.split("And the receipt");
    expect(recordedPart(GUIDE)).toContain(conversation);
  });
});

describe("a receipt", () => {
  it("is the same in each run", () => {
    const printed = (id: string, at: string, key: string, rows: readonly string[]): string =>
      [`Instance ${id} ended at ${at} (expiry).`, "PROVIDER  NAME  ", ...rows, `ok (key ${key})`].join("\n");
    const one = printed("abcdefghijkl", "2026-01-02T03:04:05.678Z", "0aff", [
      "b  cv-local-abcdefghijkl  absent",
      "a  cv-local-abcdefghijkl  absent",
    ]);
    const two = printed("000000000000", "2026-11-12T13:14:15.678Z", "99", [
      "a  cv-local-000000000000  absent",
      "b  cv-local-000000000000  absent",
    ]);
    expect(normalReceipt(one, "abcdefghijkl")).toBe(normalReceipt(two, "000000000000"));
    expect(normalReceipt(one, "abcdefghijkl").split("\n")).toEqual([
      "Instance xxxxxxxxxxxx ended at … (expiry).",
      "PROVIDER  NAME",
      "a  cv-local-xxxxxxxxxxxx  absent",
      "b  cv-local-xxxxxxxxxxxx  absent",
      "ok (key …)",
    ]);
  });
});
