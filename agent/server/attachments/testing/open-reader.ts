import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogFields } from "../../log.ts";
import { createFileReader, type FileHelp, type FileReading } from "../read-file.ts";

const NEVER = new AbortController().signal;

/** A reader with a folder and a log of its own, and short ways to ask it. */
export async function openReader(allowedOrigins: readonly string[] = [], help: FileHelp = {}) {
  const tmpDir = await mkdtemp(join(tmpdir(), "file-reader-"));
  const logged: LogFields[] = [];
  const log = (_: string, fields: LogFields = {}): void => void logged.push(fields);
  const reader = createFileReader({ tmpDir, allowedOrigins, help, log });
  const readInline = (
    bytes: Uint8Array,
    filename: string | null = "file",
    mimeType = "",
  ): Promise<FileReading> =>
    reader.read({ kind: "inline", filename, mimeType, bytes: Buffer.from(bytes).toString("base64") }, NEVER);
  return {
    reader,
    logged,
    readInline,
    /** The text, or what there is instead of it. */
    async textOf(bytes: Uint8Array, filename?: string): Promise<string> {
      const reading = await readInline(bytes, filename);
      return reading.kind === "text" ? reading.text : JSON.stringify(reading).slice(0, 500);
    },
    /** The problem, or what there is instead of it. */
    async problemOf(bytes: Uint8Array, filename?: string, mimeType?: string): Promise<string> {
      const reading = await readInline(bytes, filename, mimeType);
      return reading.kind === "unreadable" ? reading.problem : JSON.stringify(reading).slice(0, 500);
    },
    /** Fails when something was left in the folder. */
    async close(): Promise<void> {
      await reader.close();
      const left = await readdir(tmpDir);
      await rm(tmpDir, { recursive: true });
      if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
    },
  };
}
