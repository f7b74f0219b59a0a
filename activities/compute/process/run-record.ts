import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { RecordedProcess } from "./stop-process.ts";

/**
 * `run.json`: the latest launch of an instance. Written before the process is started (`pid` null), once it is there,
 * and once it listens (`url`). Replaced whole each time.
 */
const Run = Type.Object({
  instanceId: Type.String({ pattern: "^[a-z0-9]{12}$" }),
  epoch: Type.Integer({ minimum: 1 }),
  pid: Type.Union([Type.Integer({ minimum: 2 }), Type.Null()]),
  startTicks: Type.Union([Type.String({ pattern: "^[0-9]+$" }), Type.Null()]),
  url: Type.Union([Type.String({ maxLength: 256 }), Type.Null()]),
  launchedAt: Type.String({ maxLength: 40 }),
});
export type RunRecord = Static<typeof Run>;

const schema = Compile(Run);
const FILE = "run.json";

/** Undefined when there is no record, or none that can be read: then nothing is known of an earlier launch. */
export async function readRun(folder: string): Promise<RunRecord | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    return schema.Check(value) ? value : undefined;
  } catch {
    // Records are replaced whole, so this one was damaged from outside; what is wrong with it does not matter.
    return undefined;
  }
}

export async function writeRun(folder: string, run: RunRecord): Promise<void> {
  await writeFile(join(folder, `${FILE}.new`), JSON.stringify(run), { mode: 0o600 });
  await rename(join(folder, `${FILE}.new`), join(folder, FILE));
}

export const processOf = ({ pid, startTicks }: RunRecord): RecordedProcess | undefined =>
  pid === null || startTicks === null ? undefined : { pid, startTicks };
