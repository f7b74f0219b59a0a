import { expect, test } from "vitest";
import { eventually } from "../infra/testing/eventually.ts";
import { Records } from "./records.ts";

test("records are written one after the other, with room for callers between them", async () => {
  const records = new Records(() => undefined);
  const startedAt: number[] = [];
  let running = 0;
  for (let index = 0; index < 4; index++) {
    records.add("record", {}, async () => {
      running += 1;
      startedAt.push(performance.now());
      await new Promise(setImmediate);
      expect(running).toBe(1);
      running -= 1;
    });
  }
  await eventually("all are written", () => startedAt.length === 4);
  for (const [index, at] of startedAt.entries())
    if (index > 0) expect(at - (startedAt[index - 1] ?? 0)).toBeGreaterThan(30);
  await records.stop();
});

test("one that fails is logged under its name, and the next is written", async () => {
  const logged: string[] = [];
  const records = new Records((event) => logged.push(event));
  let isWritten = false;
  records.add("first", { claim: "c" }, () => Promise.reject(new Error("no")));
  records.add("second", {}, async () => {
    isWritten = true;
  });
  await eventually("the second", () => isWritten);
  expect(logged).toEqual(["first-failed"]);
  await records.stop();
});

test("stopping waits for the one under way and leaves the rest out, which is said", async () => {
  const logged: string[] = [];
  const records = new Records((event) => logged.push(event));
  const written: string[] = [];
  let finish: () => void = () => undefined;
  records.add("first", {}, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    written.push("first");
  });
  records.add("second", {}, async () => written.push("second"));
  const stopped = records.stop();
  finish();
  await stopped;
  records.add("third", {}, async () => written.push("third"));
  expect(written).toEqual(["first"]);
  expect(logged).toEqual(["records-left-out", "third-left-out"]);
});
