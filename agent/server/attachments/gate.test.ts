import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { createGate } from "./gate.ts";

const NEVER = new AbortController().signal;

it("lets two through at a time, in order, and turns away who finds the line full", async () => {
  const gate = createGate(2, 2);
  const begun: number[] = [];
  const finish: (() => void)[] = [];
  const work = (id: number) => async () => {
    begun.push(id);
    await new Promise<void>((resolve) => finish.push(resolve));
    return id;
  };
  const all = [1, 2, 3, 4, 5].map((id) => gate.run(work(id), NEVER));
  expect(await all[4]).toBeUndefined();
  expect(begun).toEqual([1, 2]);
  finish[1]?.();
  expect(await all[1]).toBe(2);
  await turn();
  expect(begun).toEqual([1, 2, 3]);
  finish[0]?.();
  finish[2]?.();
  await turn();
  finish[3]?.();
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4, undefined]);
  expect(begun).toEqual([1, 2, 3, 4]);
});

it("passes a place on when the work fails, and forgets who gave up waiting", async () => {
  const gate = createGate(1, 2);
  let fail = (): void => undefined;
  const failing = gate.run(
    () => new Promise((_, reject) => (fail = () => reject(new Error("broken")))),
    NEVER,
  );
  const leaving = new AbortController();
  const left = gate.run(async () => "left", leaving.signal);
  const stayed = gate.run(async () => "stayed", NEVER);
  leaving.abort(new Error("gave up"));
  await expect(left).rejects.toThrow("gave up");
  fail();
  await expect(failing).rejects.toThrow("broken");
  expect(await stayed).toBe("stayed");
  expect(await gate.run(async () => "again", NEVER)).toBe("again");
});
