import { describe, expect, it } from "vitest";
import { vectors } from "../testdata/vectors.ts";
import { decodeAppData, encodeAppData } from "./text.ts";
import { type AppDataGroup, updateAppData } from "./update.ts";

/** A group on a network of its own: `sync` brings what others wrote in between. */
function group(appData: string, behaviour: { onWrite?: (text: string, write: number) => string } = {}) {
  let network = appData;
  let local = appData;
  let writes = 0;
  const fake: AppDataGroup = {
    id: crypto.randomUUID(),
    get appData() {
      return local;
    },
    async sync() {
      local = network;
    },
    async updateAppData(text) {
      writes += 1;
      network = behaviour.onWrite ? behaviour.onWrite(text, writes) : text;
    },
  };
  return { group: fake, read: () => network, writes: () => writes };
}

const A6 = vectors.appData.find(({ id }) => id === "A6");

describe("updateAppData", () => {
  it("keeps what it does not know", async () => {
    const { group: target, read } = group(A6?.appData ?? "");
    await updateAppData(target, (metadata) => ({ ...metadata, tag: "NewTag1234" }));
    const expected = Buffer.from(A6?.protobuf ?? "", "hex")
      .toString("latin1")
      .replace("ccpfXDRHZv", "NewTag1234");
    expect(Buffer.from(read(), "base64url").toString("latin1")).toBe(expected);
  });

  it("starts from empty metadata", async () => {
    const { group: target, read } = group("");
    await updateAppData(target, (metadata) => ({ ...metadata, tag: "NewTag1234" }));
    expect(decodeAppData(read())?.tag).toBe("NewTag1234");
  });

  it("writes nothing when nothing changes", async () => {
    const { group: target, writes } = group(A6?.appData ?? "");
    await updateAppData(target, (metadata) => metadata);
    expect(writes()).toBe(0);
  });

  it("adds to what somebody else wrote in between", async () => {
    const other = encodeAppData({ tag: "ccpfXDRHZv", profiles: [], emoji: "🔥" });
    const { group: target, read } = group(encodeAppData({ tag: "ccpfXDRHZv", profiles: [] }), {
      onWrite: (text, write) => (write === 1 ? other : text),
    });
    await updateAppData(target, (metadata) => ({ ...metadata, expiresAtUnix: 4_102_444_800 }));
    expect(decodeAppData(read())).toEqual({
      tag: "ccpfXDRHZv",
      profiles: [],
      emoji: "🔥",
      expiresAtUnix: 4_102_444_800,
    });
  });

  it("gives up after three attempts", async () => {
    const before = encodeAppData({ tag: "ccpfXDRHZv", profiles: [] });
    const { group: target, writes } = group(before, { onWrite: () => before });
    await expect(updateAppData(target, (metadata) => ({ ...metadata, emoji: "🔥" }))).rejects.toMatchObject({
      name: "AppDataUpdateError",
      reason: "not-written",
    });
    expect(writes()).toBe(3);
  });

  it("says what the last write failed with", async () => {
    const failure = new Error("no right");
    const { group: target } = group(encodeAppData({ tag: "ccpfXDRHZv", profiles: [] }), {
      onWrite: () => {
        throw failure;
      },
    });
    const update = updateAppData(target, (metadata) => ({ ...metadata, emoji: "🔥" }));
    await expect(update).rejects.toMatchObject({ reason: "not-written", cause: failure });
  });

  it.each(vectors.negativeAppData.filter(({ forWrite }) => forWrite === "throw"))(
    "does not overwrite $id ($note)",
    async ({ appData }) => {
      const { group: target, writes } = group(appData);
      const update = updateAppData(target, (metadata) => ({ ...metadata, tag: "NewTag1234" }));
      await expect(update).rejects.toMatchObject({ reason: "unreadable" });
      expect(writes()).toBe(0);
    },
  );

  it("never clears a tag", async () => {
    const { group: target, writes } = group(A6?.appData ?? "");
    const update = updateAppData(target, (metadata) => ({ ...metadata, tag: "" }));
    await expect(update).rejects.toMatchObject({ reason: "clears-tag" });
    expect(writes()).toBe(0);
  });

  it("lets the changes of one group follow each other", async () => {
    const { group: target, read } = group(encodeAppData({ tag: "ccpfXDRHZv", profiles: [] }));
    await Promise.all([
      updateAppData(target, (metadata) => ({ ...metadata, emoji: "🔥" })),
      updateAppData(target, (metadata) => ({ ...metadata, expiresAtUnix: 4_102_444_800 })),
    ]);
    expect(decodeAppData(read())).toMatchObject({ emoji: "🔥", expiresAtUnix: 4_102_444_800 });
  });
});
