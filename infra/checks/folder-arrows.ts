import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative, sep } from "node:path";
import { ARROWS, type Arrow } from "./arrows.ts";
import { type Import, importsOf } from "./imports.ts";

const SOURCE = /\.(ts|mts|mjs|js)$/;
const TEST = /(\.test\.ts$|(^|\/)(testing|testdata)\/)/;
/** Benchmarks put the parts together as tests do. */
const MAY_TEST = "infra";
const SKIPPED_FOLDERS = new Set(["node_modules", "coverage", "testdata"]);

export type Violation = { readonly file: string; readonly line: number; readonly problem: string };

/** Reads every source below the folders of `arrows` and returns the imports that point the wrong way. */
export async function findViolations(
  root: string,
  arrows: Readonly<Record<string, Arrow>> = ARROWS,
): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  for (const [folder, arrow] of Object.entries(arrows)) {
    for (const file of await sourcesBelow(root, folder)) {
      if (TEST.test(file)) continue;
      for (const one of importsOf(await readFile(join(root, file), "utf8"))) {
        const problem = judge(file, folder, arrow, one);
        if (problem) violations.push({ file, line: one.line, problem });
      }
    }
  }
  return violations;
}

function judge(file: string, folder: string, arrow: Arrow, one: Import): string | undefined {
  const { specifier, isType } = one;
  if (!specifier.startsWith(".")) return judgePackage(folder, arrow, specifier);
  const target = normalize(join(dirname(file), specifier))
    .split(sep)
    .join("/");
  if (target.startsWith("..")) return `${specifier} leaves the repository`;
  if (folder !== MAY_TEST && TEST.test(target)) return `${target} is for tests only`;
  const isBelow = (path: string) => target === path || target.startsWith(`${path}/`);
  if ([folder, ...arrow.may].some(isBelow)) return undefined;
  if ((arrow.mayTypes ?? []).some(isBelow)) {
    return isType ? undefined : `${folder}/ may import only types of ${target}`;
  }
  return `${folder}/ may not import ${target} (${arrow.why})`;
}

function judgePackage(folder: string, arrow: Arrow, specifier: string): string | undefined {
  const allowed = arrow.packages;
  if (!allowed || allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`)))
    return undefined;
  return `${folder}/ may not import the package ${specifier} (${arrow.why})`;
}

async function sourcesBelow(root: string, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name) && !entry.name.startsWith(".")) {
        found.push(...(await sourcesBelow(root, path)));
      }
    } else if (SOURCE.test(entry.name)) found.push(path);
  }
  return found;
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..", "..");
  const violations = await findViolations(root);
  for (const { file, line, problem } of violations) {
    process.stdout.write(`${relative(process.cwd(), join(root, file))}:${line}: ${problem}\n`);
  }
  process.exitCode = violations.length > 0 ? 1 : 0;
}
