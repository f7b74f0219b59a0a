import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Value } from "typebox/value";
import { type Extractable, ExtractionResult } from "./extraction-result.ts";
import { FileError, type FileProblem } from "./file-error.ts";
import {
  EXTRACTION_HEAP_MB,
  EXTRACTION_MAX_RSS_BYTES,
  EXTRACTION_TIMEOUT_MS,
  TEXT_MAX_CHARS,
} from "./limits.ts";
import type { CutText } from "./plain-text.ts";

export interface ExtractionOptions {
  /** Whom the process runs as; the caller by default. */
  uid?: number | undefined;
  gid?: number | undefined;
  /** Its working directory. It writes nothing there. */
  tmpDir: string;
  timeoutMs?: number | undefined;
  maxRssBytes?: number | undefined;
  /** Another program in the place of the extractor; its folder may be read. */
  program?: string | undefined;
}

const PROGRAM = fileURLToPath(new URL("./extract-main.ts", import.meta.url));
/** No character takes more than the six bytes of a JSON escape. */
const OUTPUT_MAX_BYTES = 6 * TEXT_MAX_CHARS + 1_024;
const LIBRARIES = ["unpdf", "mammoth", "read-excel-file/universal", "fflate"] as const;
const MEMORY_CHECK_MS = 50;
/** Reached only by a process whose server died; else the time limit comes first, also when two cores are at work. */
const CPU_MAX_SECONDS = (3 * EXTRACTION_TIMEOUT_MS) / 1_000;

/** The text of a document, taken out of it by a process without rights. Throws a FileError, or the signal's reason. */
export async function extractText(
  kind: Extractable,
  bytes: Buffer,
  options: ExtractionOptions,
  signal: AbortSignal,
): Promise<CutText> {
  signal.throwIfAborted();
  const child = start(kind, options);
  const ended = once(child, "close");
  let killedFor: FileProblem | undefined;
  const kill = (problem?: FileProblem): void => {
    killedFor ??= problem;
    child.kill("SIGKILL");
  };
  const onAbort = (): void => kill();
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => kill("took-too-long"), options.timeoutMs ?? EXTRACTION_TIMEOUT_MS);
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((resident) => {
      if (resident > (options.maxRssBytes ?? EXTRACTION_MAX_RSS_BYTES)) kill("expands-too-much");
    });
  }, MEMORY_CHECK_MS);
  try {
    const output = collect(child, () => kill("internal"));
    child.stdin?.end(bytes);
    const [code, endedBy] = await ended;
    signal.throwIfAborted();
    if (killedFor !== undefined) throw new FileError(killedFor);
    if (code !== 0) {
      const cause = Object.assign(new Error("the extractor failed"), { code: String(endedBy ?? code) });
      throw new FileError(problemOfEnd(code, endedBy), { cause });
    }
    return readResult(output());
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * The shell sets what the kernel enforces, also after this server has died: no core dump, which would hold the
 * document, and only so much time on the processor. Then it becomes Node with the permission model on: it may read its
 * own code and nothing else; no writing, no processes, threads, native code or code made of text. Node 24 cannot take
 * the network away; it has nothing to tell there but the document itself.
 */
function start(kind: Extractable, options: ExtractionOptions): ChildProcess {
  const program = options.program ?? PROGRAM;
  const readable = [fileURLToPath(new URL(".", `file://${program}`)), ...libraryFolders()];
  const command = [
    process.execPath,
    "--permission",
    ...readable.map((folder) => `--allow-fs-read=${folder}`),
    "--disallow-code-generation-from-strings",
    `--max-old-space-size=${EXTRACTION_HEAP_MB}`,
    program,
    kind,
  ];
  const child = spawn(
    "/bin/sh",
    ["-c", `ulimit -c 0 && ulimit -t ${CPU_MAX_SECONDS} && exec "$@"`, "sh", ...command],
    {
      cwd: options.tmpDir,
      env: {},
      stdio: ["pipe", "pipe", "ignore"],
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    },
  );
  // A process that ends before it has read everything says why by how it ends.
  child.stdin?.on("error", () => undefined);
  return child;
}

/** Where Node looks for the parsers, and where they are: package managers put links in the one that lead to the other. */
function libraryFolders(): ReadonlySet<string> {
  const { resolve } = createRequire(import.meta.url);
  const folder = "/node_modules/";
  const lookedIn = (resolve.paths(LIBRARIES[0]) ?? []).filter((path) => path.endsWith("/node_modules"));
  const found = LIBRARIES.map((name) => {
    const path = resolve(name);
    return path.slice(0, path.indexOf(folder) + folder.length);
  });
  return new Set([...lookedIn.map((path) => `${path}/`), ...found]);
}

function collect(child: ChildProcess, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > OUTPUT_MAX_BYTES) onTooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function readResult(output: string): CutText {
  const result = Value.Parse(ExtractionResult, JSON.parse(output));
  if (result.kind === "problem") throw new FileError(result.problem);
  return { text: result.text.slice(0, TEXT_MAX_CHARS), isCut: result.isCut };
}

/** V8 aborts or traps when its heap is full, and the kernel kills what takes all memory. */
function problemOfEnd(code: unknown, endedBy: unknown): FileProblem {
  const outOfMemory = ["SIGABRT", "SIGTRAP", "SIGILL", "SIGKILL"];
  return outOfMemory.includes(String(endedBy)) || code === 134 ? "expands-too-much" : "internal";
}

/** Memory in use by a process; 0 when it is gone or the system has no /proc (there only heap and time are limited). */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    // It has ended meanwhile, or there is no /proc.
    return 0;
  }
}
