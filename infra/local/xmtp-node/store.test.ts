import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Store } from "./store.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "xmtp-store-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const body = (text: string) => () => Buffer.from(text);
const textsOf = (store: Store, topic: string): string[] =>
  store.groupMessages.after(topic, 0, 100).map((entry) => `${entry.id} ${Buffer.from(entry.body)}`);

describe("a store", () => {
  it("gives ids that rise over all topics, and drops what a topic has already", () => {
    using store = disposable(new Store());
    const { groupMessages } = store.value;
    expect(groupMessages.append("a", body("one"), Buffer.from("one"))).toBe(true);
    expect(groupMessages.append("b", body("one"), Buffer.from("one"))).toBe(true);
    expect(groupMessages.append("a", body("again"), Buffer.from("one"))).toBe(false);
    expect(groupMessages.append("a", body("two"), Buffer.from("two"))).toBe(true);
    expect(textsOf(store.value, "a")).toEqual(["1 one", "3 two"]);
    expect(textsOf(store.value, "b")).toEqual(["2 one"]);
    expect(groupMessages.totals()).toEqual({ entries: 3, topics: 2 });
    expect(groupMessages.newest("a")?.id).toBe(3);
    expect(groupMessages.newest("none")).toBeUndefined();
  });

  it("keeps everything over a restart, and goes on counting and dropping repetitions", () => {
    {
      using store = disposable(new Store(dataDir));
      store.value.groupMessages.append("a", body("one"), Buffer.from("one"));
      store.value.putKeyPackage("installation", Buffer.from("old"));
      store.value.putKeyPackage("installation", Buffer.from("new"));
      store.value.associate("0x1", "inbox");
    }
    using store = disposable(new Store(dataDir));
    store.value.groupMessages.append("a", body("again"), Buffer.from("one"));
    store.value.groupMessages.append("a", body("two"), Buffer.from("two"));
    expect(textsOf(store.value, "a")).toEqual(["1 one", "2 two"]);
    expect(Buffer.from(store.value.keyPackage("installation") ?? []).toString()).toBe("new");
    expect(store.value.inboxOf("0x1")).toBe("inbox");
    expect(store.value.counts()).toEqual({
      inboxes: 0,
      installations: 1,
      groups: 1,
      groupMessages: 2,
      welcomes: 0,
    });
  });

  it("keeps nothing of a transaction that fails", () => {
    using store = disposable(new Store());
    const failing = () =>
      store.value.transaction(() => {
        store.value.groupMessages.append("a", body("one"));
        throw new Error("stopped on purpose");
      });
    expect(failing).toThrow("stopped on purpose");
    store.value.groupMessages.append("a", body("two"));
    expect(textsOf(store.value, "a").map((text) => text.slice(2))).toEqual(["two"]);
  });

  it("answers with the latest inbox of an address that has not left it", () => {
    using store = disposable(new Store());
    store.value.associate("0x1", "first");
    store.value.associate("0x1", "second");
    expect(store.value.inboxOf("0x1")).toBe("second");
    store.value.dissociate("0x1", "second");
    expect(store.value.inboxOf("0x1")).toBe("first");
    store.value.associate("0x1", "second");
    store.value.associate("0x1", "first");
    expect(store.value.inboxOf("0x1")).toBe("first");
    expect(store.value.inboxOf("0x2")).toBeUndefined();
  });

  it("is not opened twice", () => {
    using _open = disposable(new Store(dataDir));
    expect(() => new Store(dataDir)).toThrow("locked");
  });

  it("refuses the file of another version", () => {
    new Store(dataDir).close();
    const database = new DatabaseSync(join(dataDir, "xmtp-node.sqlite"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(() => new Store(dataDir)).toThrow("another version");
  });
});

function disposable(value: Store) {
  return { value, [Symbol.dispose]: () => value.close() };
}
