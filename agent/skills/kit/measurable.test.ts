import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { measureProgram } from "./measurable.ts";

const run = promisify(execFile);
const MIB = 2 ** 20;
const program = (mib: number): Promise<unknown> =>
  run(process.execPath, [
    "-e",
    `Buffer.alloc(${mib} * 2 ** 20, 1); setTimeout(() => {}, 200)`,
    "the-program",
  ]);

it("sees what the program itself had, not what this process has", async () => {
  const own = Buffer.alloc(400 * MIB, 1);
  const small = await measureProgram("the-program", () => program(1));
  const large = await measureProgram("the-program", () => program(200));
  expect(own.at(-1)).toBe(1);
  expect(small.ms).toBeGreaterThan(200);
  expect(small.peakBytes).toBeGreaterThan(20 * MIB);
  expect(small.peakBytes).toBeLessThan(150 * MIB);
  expect(large.peakBytes).toBeGreaterThan(200 * MIB);
  expect(large.peakBytes).toBeLessThan(350 * MIB);
});

it("rejects as the work does, and sees nothing of other programs", async () => {
  await expect(measureProgram("the-program", () => Promise.reject(new Error("broken")))).rejects.toThrow(
    "broken",
  );
  const { peakBytes } = await measureProgram("another-program", () => program(1));
  expect(peakBytes).toBe(0);
});
