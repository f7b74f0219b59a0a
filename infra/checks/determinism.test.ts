import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DETERMINISM } from "./determinism.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Which globals may not be used in workflows and the domain; which imports, `folder-arrows.test.ts` tests. */
describe("determinism", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "determinism-"));
    for (const folder of ["workflows", "domain"]) {
      mkdirSync(join(root, folder));
      writeFileSync(join(root, folder, "pure.ts"), "export const pure = 1;");
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function check(cwd: string): { ok: boolean; output: string } {
    const args = [join(ROOT, DETERMINISM.script), ...DETERMINISM.args];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
    return { ok: status === 0, output: stdout + stderr };
  }

  function planted(file: string, source: string): { ok: boolean; output: string } {
    writeFileSync(join(root, file), source);
    return check(root);
  }

  it("holds in this repository", () => {
    expect(check(ROOT)).toMatchObject({ ok: true });
  });

  it.each([
    ["workflows/a.ts", 'export const a = () => fetch("https://x.invalid");', "fetch"],
    ["workflows/a.ts", "export const a = () => process.env.VERSION;", "process"],
    ["workflows/a.ts", "export const a = globalThis.process;", "globalThis"],
    ["workflows/a.ts", 'export const a = Buffer.from("a");', "Buffer"],
    ["workflows/a.ts", "export const a = crypto.randomUUID();", "crypto"],
    ["domain/a.ts", "export const a = (b: () => void) => setInterval(b, 1);", "setInterval"],
    ["domain/a.ts", "export const a = performance.now();", "performance"],
    ["domain/a.ts", 'export const a = new Intl.DateTimeFormat("en");', "Intl"],
  ])("finds the planted violation in %s: %s", (file, source, name) => {
    const { ok, output } = planted(file, source);
    expect(ok).toBe(false);
    expect(output).toContain(`Do not use the global variable ${name}.`);
  });

  it.each([
    ["workflows/a.ts", "export const a = () => [Date.now(), new Date(), Math.random()];"],
    ["workflows/a.ts", "export const a = (facts: { process: string }) => facts.process;"],
    ["workflows/a.test.ts", "export const a = process.env;"],
  ])("accepts in %s: %s", (file, source) => {
    expect(planted(file, source)).toMatchObject({ ok: true });
  });
});
