import { expect, test } from "vitest";
import { newInstanceId } from "../registry/new-id.ts";
import { manualKeyOf, parseManualKey } from "./manual-key.ts";

test("a key given by hand is its instance's and nobody else's", () => {
  const instanceId = newInstanceId();
  const manual = parseManualKey({ key: "bk_by_hand", instanceId });
  expect(manualKeyOf(manual, instanceId)).toBe("bk_by_hand");
  expect(manualKeyOf(manual, newInstanceId())).toBeUndefined();
  expect(manualKeyOf(parseManualKey({}), instanceId)).toBeUndefined();
});

test("the key and the instance come together, and errors never quote the key", () => {
  expect(() => parseManualKey({ key: "bk_by_hand" })).toThrow(/must name the one instance/);
  expect(() => parseManualKey({ key: "bk_by_hand", instanceId: "" })).toThrow(/must name the one instance/);
  expect(() => parseManualKey({ instanceId: "aaaaaaaaaaa0" })).toThrow(/no key/);
  expect(() => parseManualKey({ key: "bk_by_hand", instanceId: "*" })).toThrow(
    /^(?!.*bk_by_hand).*not an instance id/,
  );
});
