import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { isAlive, type RecordedProcess } from "./stop-process.ts";

const POLL_MS = 10;
const LINE_MAX_BYTES = 1_024;

const schema = Compile(Type.Object({ listening: Type.Integer({ minimum: 1, maximum: 65_535 }) }));

/** The url that the first line of an agent's output tells; undefined while there is no such line. */
export async function readUrl(stdout: string): Promise<string | undefined> {
  const buffer = Buffer.alloc(LINE_MAX_BYTES);
  const file = await open(stdout, "r");
  let text: string;
  try {
    text = buffer.toString("utf8", 0, (await file.read(buffer, 0, LINE_MAX_BYTES, 0)).bytesRead);
  } finally {
    await file.close();
  }
  const end = text.indexOf("\n");
  if (end === -1) return undefined;
  const port = parsePort(text.slice(0, end));
  return port === undefined ? undefined : `http://127.0.0.1:${port}`;
}

/** Undefined when the process ended, or did not listen within `timeoutMs`. */
export async function untilListening(
  stdout: string,
  recorded: RecordedProcess,
  timeoutMs: number,
): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const url = await readUrl(stdout);
    if (url !== undefined) return url;
    if (!(await isAlive(recorded))) return undefined;
    await delay(POLL_MS);
  }
  return undefined;
}

function parsePort(line: string): number | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return schema.Check(value) ? value.listening : undefined;
  } catch {
    // Something else was printed first: such a process never counts as listening.
    return undefined;
  }
}
