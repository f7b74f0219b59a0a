import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { open, seal, Vault } from "./vault.ts";

describe("the vault", () => {
  const key = randomBytes(32);

  it("opens what it sealed, under the same key and context only", () => {
    const sealed = seal(key, "a secret", "secret/one");
    expect(open(key, sealed, "secret/one").toString()).toBe("a secret");
    expect(() => open(key, sealed, "secret/two")).toThrow();
    expect(() => open(randomBytes(32), sealed, "secret/one")).toThrow();
  });

  it("refuses what was changed by one bit", () => {
    const sealed = seal(key, "a secret", "secret/one");
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => open(key, changed, "secret/one")).toThrow();
    }
  });

  it("never seals the same text to the same bytes, and shows nothing of it", () => {
    const one = seal(key, "You are our trip planner", "c");
    expect(one.equals(seal(key, "You are our trip planner", "c"))).toBe(false);
    expect(one.includes("trip")).toBe(false);
  });

  it("makes data keys that only its master key opens", () => {
    const vault = new Vault(randomBytes(32));
    const { key: dataKey, sealed } = vault.newDataKey("claim-key/a");
    expect(vault.openDataKey(sealed, "claim-key/a").equals(dataKey)).toBe(true);
    expect(() => new Vault(randomBytes(32)).openDataKey(sealed, "claim-key/a")).toThrow();
  });

  it("gives equal digests to equal texts of one context only", () => {
    const vault = new Vault(key);
    expect(vault.mac("a", "text").equals(vault.mac("a", "text"))).toBe(true);
    expect(vault.mac("a", "text").equals(vault.mac("b", "text"))).toBe(false);
  });
});
