import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ARROWS } from "./arrows.ts";
import { findViolations } from "./folder-arrows.ts";
import { importsOf } from "./imports.ts";

describe("folder arrows", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "convos-arrows-"));
    for (const folder of Object.keys(ARROWS)) await mkdir(join(root, folder));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function problems(file: string, source: string): Promise<string[]> {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), source);
    return (await findViolations(root)).map(({ line, problem }) => `${line}: ${problem}`);
  }

  it("holds in this repository", async () => {
    expect(await findViolations(join(import.meta.dirname, "..", ".."))).toEqual([]);
  });

  it.each([
    [
      "domain/a.ts",
      'import { x } from "../activities/b.ts";',
      /^1: domain\/ may not import activities\/b\.ts/,
    ],
    ["domain/a.ts", '\nimport fs from "node:fs";', /^2: domain\/ may not import the package node:fs/],
    [
      "workflows/a.ts",
      'import { b } from "../activities/b.ts";',
      /may import only types of activities\/b\.ts/,
    ],
    ["workflows/a.ts", 'import { Client } from "@temporalio/client";', /package @temporalio\/client/],
    ["workflows/a.ts", 'import { setTimeout } from "node:timers/promises";', /package node:timers/],
    [
      "activities/a/b.ts",
      'export * from "../../workflows/claim.ts";',
      /activities\/ may not import workflows/,
    ],
    ["api/a.ts", 'const b = await import("../activities/railway/b.ts");', /api\/ may not import/],
    ["api/a.ts", 'import "../workers/main.ts";', /api\/ may not import workers/],
    ["agent/server/a.ts", 'import { b } from "../../activities/b.ts";', /agent\/ may not import activities/],
    ["cli/a.ts", 'import {\n  type A,\n  b,\n} from "../api/b.ts";', /may import only types of api\/b\.ts/],
    ["infra/a.ts", 'import { b } from "../../elsewhere/b.ts";', /leaves the repository/],
    ["workers/a.ts", 'import { b } from "../activities/testing/b.ts";', /is for tests only/],
  ])("finds the planted violation in %s: %s", async (file, source, problem) => {
    const found = await problems(file, source);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(problem);
  });

  it.each([
    ["workflows/a.ts", 'import type { b } from "../activities/b.ts";'],
    ["workflows/a.ts", 'import { type b, type c } from "../activities/b.ts";'],
    ["workflows/a.ts", 'import { proxyActivities } from "@temporalio/workflow";'],
    ["api/a.ts", 'import { b } from "../activities/registry/b.ts";'],
    ["domain/a.ts", '// import { b } from "../api/b.ts";\n/* import "../api/b.ts"; */'],
    ["domain/a.test.ts", 'import { b } from "../activities/b.ts"; import { it } from "vitest";'],
    ["domain/steps/a.ts", 'import { b } from "../b.ts";'],
  ])("accepts in %s: %s", async (file, source) => {
    expect(await problems(file, source)).toEqual([]);
  });
});

describe("importsOf", () => {
  it("reads every form, with its line", () => {
    const source = `#!/usr/bin/env node
import a, { b } from "one";
import * as c from 'two';
import type { D } from "three";
/** import "comment" */
export { e } from "four";
export type { F } from "five";
import "six";
const url = "http://x"; const g = await import("seven");
export const h = 1;
const from = "eight";
`;
    expect(importsOf(source)).toEqual([
      { specifier: "one", isType: false, line: 2 },
      { specifier: "two", isType: false, line: 3 },
      { specifier: "three", isType: true, line: 4 },
      { specifier: "four", isType: false, line: 6 },
      { specifier: "five", isType: true, line: 7 },
      { specifier: "six", isType: false, line: 8 },
      { specifier: "seven", isType: false, line: 9 },
    ]);
  });
});
