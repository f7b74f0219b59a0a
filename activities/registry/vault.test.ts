import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MasterKeys } from "./key-wrapper.ts";
import { open, seal } from "./sealing.ts";
import { localVault, type Vault } from "./vault.ts";

const key = randomBytes(32);
const vaultOf = (master: Buffer, previous: readonly Buffer[] = []): Vault =>
  localVault({ master, previous, digest: key });

describe("a sealed value", () => {
  it("is opened under the same key and context only", () => {
    const sealed = seal(key, "a secret", "secret/one");
    expect(open(key, sealed, "secret/one").toString()).toBe("a secret");
    expect(() => open(key, sealed, "secret/two")).toThrow();
    expect(() => open(randomBytes(32), sealed, "secret/one")).toThrow();
  });

  it("is refused when one bit of it has changed", () => {
    const sealed = seal(key, "a secret", "secret/one");
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => open(key, changed, "secret/one")).toThrow();
    }
  });

  it("is never the same bytes for the same text, and shows nothing of it", () => {
    const one = seal(key, "You are our trip planner", "c");
    expect(one.equals(seal(key, "You are our trip planner", "c"))).toBe(false);
    expect(one.includes("trip")).toBe(false);
  });
});

describe("the vault", () => {
  it("makes data keys that only its master key opens, for their row only", async () => {
    const vault = vaultOf(randomBytes(32));
    const { key: dataKey, sealed } = await vault.newDataKey("claim-key/a");
    expect((await vault.openDataKey(sealed, "claim-key/a")).equals(dataKey)).toBe(true);
    await expect(vault.openDataKey(sealed, "claim-key/b")).rejects.toThrow("no master key opens");
    await expect(vaultOf(randomBytes(32)).openDataKey(sealed, "claim-key/a")).rejects.toThrow(
      "no master key opens",
    );
  });

  it("gives equal digests to equal texts of one context only, whatever the master key is", () => {
    const vault = vaultOf(randomBytes(32));
    expect(vault.mac("a", "text").equals(vaultOf(randomBytes(32)).mac("a", "text"))).toBe(true);
    expect(vault.mac("a", "text").equals(vault.mac("b", "text"))).toBe(false);
    const digest = randomBytes(32);
    const other = localVault({ master: key, previous: [], digest });
    expect(vault.mac("a", "text").equals(other.mac("a", "text"))).toBe(false);
  });
});

describe("a master key that is rotated", () => {
  const [former, current] = [randomBytes(32), randomBytes(32)];

  it("leaves what it sealed readable, while the new one seals", async () => {
    const { key: dataKey, sealed } = await vaultOf(former).newDataKey("claim-key/a");
    const rotated = vaultOf(current, [former]);
    expect((await rotated.openDataKey(sealed, "claim-key/a")).equals(dataKey)).toBe(true);
    const { sealed: newer } = await rotated.newDataKey("claim-key/b");
    await expect(vaultOf(former).openDataKey(newer, "claim-key/b")).rejects.toThrow();
    // While it is rolled out, programs that still seal with the former open what the first with the new one sealed.
    expect(await vaultOf(former, [current]).openDataKey(newer, "claim-key/b")).toHaveLength(32);
  });

  it("is found outdated for what it sealed, until that is wrapped anew", async () => {
    const keys = new MasterKeys(current, [former]);
    const dataKey = randomBytes(32);
    const old = await new MasterKeys(former).wrap(dataKey, "c");
    expect(await keys.isOutdated(old, "c")).toBe(true);
    expect(await keys.isOutdated(await keys.wrap(dataKey, "c"), "c")).toBe(false);
    await expect(keys.isOutdated(old, "d")).rejects.toThrow("no master key opens");
  });

  it("has 32 bytes", () => {
    expect(() => new MasterKeys(randomBytes(32), [randomBytes(31)])).toThrow("32 bytes");
    expect(() => localVault({ master: key, previous: [], digest: randomBytes(16) })).toThrow("32 bytes");
  });
});
