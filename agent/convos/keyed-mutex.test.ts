import { expect, it } from "vitest";
import { KeyedMutex } from "./keyed-mutex.ts";

it("runs the tasks of a key in order and those of another key beside them, whatever fails", async () => {
  const mutex = new KeyedMutex();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = mutex.run("a", async () => {
    await gate.promise;
    log.push("a1");
    throw new Error("a1 failed");
  });
  const second = mutex.run("a", async () => log.push("a2"));
  await mutex.run("b", async () => log.push("b1"));
  gate.resolve();
  await expect(first).rejects.toThrow("a1 failed");
  await second;
  await mutex.run("a", async () => log.push("a3"));
  expect(log).toEqual(["b1", "a1", "a2", "a3"]);
});
