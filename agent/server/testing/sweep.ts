import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";

/**
 * A program of its own, run as another user: tries to read everything it is told of, and every process, and says in what it
 * found a needle. Takes a `SweepRequest` on standard input and answers with a `SweepReport` on standard output.
 */
export interface SweepRequest {
  /** Files that are tried although their folders cannot be listed. */
  paths: string[];
  /** Folders that are walked, where they can be. */
  folders: { path: string; maxDepth: number; changedSinceMs: number }[];
  needles: { name: string; base64: string }[];
}

export interface SweepReport {
  uid: number;
  read: string[];
  refused: string[];
  found: { needle: string; path: string }[];
  /** What the processes have open that this user may look into: they can read it, whatever its permissions are. */
  open: { pid: number; path: string }[];
}

const MAX_FILES = 50_000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const OF_A_PROCESS = ["environ", "cmdline", "status", "comm"];

const request: SweepRequest = JSON.parse(readFileSync(0, "utf8"));
const needles = request.needles.map(({ name, base64 }) => ({ name, bytes: Buffer.from(base64, "base64") }));
const report: SweepReport = { uid: process.getuid?.() ?? -1, read: [], refused: [], found: [], open: [] };

/** What is not a file is not opened: a pipe would never end. */
function look(path: string): void {
  if (report.read.length + report.refused.length >= MAX_FILES)
    throw new RangeError("too many files to sweep");
  let handle: number;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // Whatever the reason: this user does not get it.
    report.refused.push(path);
    return;
  }
  try {
    const content = fstatSync(handle).isFile() ? contentOf(handle) : undefined;
    if (content === undefined) return;
    report.read.push(path);
    for (const { name, bytes } of needles)
      if (content.includes(bytes)) report.found.push({ needle: name, path });
  } catch {
    // A process's entry that opens and then refuses to be read, or a process that has ended.
    report.refused.push(path);
  } finally {
    closeSync(handle);
  }
}

/** Entries of a process say that they are empty, so it is read to the end. */
function contentOf(handle: number): Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024);
    const length = readSync(handle, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
    bytes += length;
    if (bytes > MAX_FILE_BYTES) throw new RangeError("a file is too large to sweep");
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    // Not to be listed by this user, or gone.
    report.refused.push(path);
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

function walk(path: string, depth: number, changedSinceMs: number): void {
  for (const name of namesIn(path)) {
    const below = join(path, name);
    const facts = statSync(below, { throwIfNoEntry: false });
    if (facts?.isDirectory() && depth > 1) walk(below, depth - 1, changedSinceMs);
    if (facts?.isFile() && facts.mtimeMs >= changedSinceMs) look(below);
  }
}

for (const path of request.paths) look(path);
for (const { path, maxDepth, changedSinceMs } of request.folders) walk(path, maxDepth, changedSinceMs);
for (const pid of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
  if (Number(pid) === process.pid) continue;
  for (const entry of OF_A_PROCESS) look(join("/proc", pid, entry));
  for (const fd of namesIn(join("/proc", pid, "fd"))) {
    const path = linkOf(join("/proc", pid, "fd", fd));
    if (path?.startsWith("/")) report.open.push({ pid: Number(pid), path });
  }
}
process.stdout.write(JSON.stringify(report));
