import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type from "typebox";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openClock } from "./clock.ts";
import { Collection } from "./collection.ts";
import { openRecordStore } from "./record-store.ts";

const Thing = Type.Object({ name: Type.String() });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "double-store-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the state of a double", () => {
  it("comes back in order of creation, changes and removals included", () => {
    const store = openRecordStore(folder, "test");
    const things = new Collection(store, "thing", Thing);
    for (const name of ["a", "b", "c"]) things.put(name, { name });
    things.put("a", { name: "changed" });
    things.remove("b");
    store.close();

    const again = openRecordStore(folder, "test");
    expect(new Collection(again, "thing", Thing).values()).toEqual([{ name: "changed" }, { name: "c" }]);
    expect(new Collection(again, "other", Thing).values()).toEqual([]);
    again.close();
  });

  it("lives in memory without a folder", () => {
    const store = openRecordStore(undefined, "test");
    const things = new Collection(store, "thing", Thing);
    things.put("a", { name: "a" });
    expect(things.get("a")).toEqual({ name: "a" });
    expect(new Collection(store, "thing", Thing).values()).toEqual([]);
  });

  it("belongs to one process at a time", () => {
    const store = openRecordStore(folder, "test");
    expect(() => openRecordStore(folder, "test")).toThrow(/another one running/);
    store.close();
    openRecordStore(folder, "test").close();
  });

  it("is refused when a record does not fit", () => {
    const store = openRecordStore(folder, "test");
    store.put("thing", "a", { title: "of another version" });
    expect(() => new Collection(store, "thing", Thing)).toThrow(/does not fit/);
    store.close();
  });

  it("keeps the clock's offset", () => {
    const store = openRecordStore(folder, "test");
    openClock(store).advance(86_400_000);
    store.close();
    const again = openRecordStore(folder, "test");
    expect(openClock(again).nowMs() - Date.now()).toBeGreaterThan(86_300_000);
    again.close();
  });
});
