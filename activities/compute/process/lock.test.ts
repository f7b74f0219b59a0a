import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTick } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "./lock.ts";
import { processTable } from "./process-table.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("one at a time for a name, all of them in the end, and nothing is left", async () => {
  let inside = 0;
  let most = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    for (let i = 0; i < 5; i += 1) await nextTick();
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => withLock(folder, "a", 20_000, work)));
  expect({ most, done, inside }).toEqual({ most: 1, done: 20, inside: 0 });
  expect(await readdir(folder)).toEqual([]);
});

test("another name is not waited for, and a failure frees the lock", async () => {
  await withLock(folder, "a", 100, () => withLock(folder, "a-b", 100, async () => undefined));
  const failing = withLock(folder, "a", 100, () => Promise.reject(new Error("failed")));
  await expect(failing).rejects.toThrow("failed");
  expect(await withLock(folder, "a", 100, async () => "free")).toBe("free");
});

test("a living holder is waited for until the time is over; a dead one counts for nothing", async () => {
  const own = await processTable.find(process.pid);
  const living = `a.${process.pid}.${own?.startTicks}.0123456789abcdef`;
  await writeFile(join(folder, living), "");
  await expect(withLock(folder, "a", 80, async () => "got it")).rejects.toMatchObject({ code: "transient" });
  expect(await readdir(folder)).toEqual([living]);
  await rm(join(folder, living));
  await writeFile(join(folder, `a.${process.pid}.1.0123456789abcdef`), "");
  expect(await withLock(folder, "a", 80, async () => "got it")).toBe("got it");
  expect(await readdir(folder)).toEqual([]);
});
