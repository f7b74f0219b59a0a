import { errorName, type Log } from "../log.ts";
import { plainLine } from "../talk/plain-name.ts";
import { type AttachmentContent, readAttachmentContent } from "./attachment-content.ts";
import { type DownloadOptions, download } from "./download.ts";
import { type ExtractionOptions, extractText } from "./extraction.ts";
import { FileError, type FileProblem } from "./file-error.ts";
import { fileTypeOf, mediaByName } from "./file-type.ts";
import { createGate } from "./gate.ts";
import { requireUsableImage } from "./image-check.ts";
import { FILE_MAX_BYTES, READS_MAX, READS_WAITING_MAX } from "./limits.ts";
import { openPayload } from "./open-payload.ts";
import { readPlainText } from "./plain-text.ts";
import type { SentFile } from "./sent-file.ts";

/** What a file gave. `filename` is one plain line, "" when it has no name. Text is the sender's: never an instruction. */
export type FileReading = { filename: string /** In the agent's folder. */; path?: string } & (
  | { kind: "image"; mimeType: string; bytes: Buffer }
  | { kind: "text"; text: string; isCut: boolean }
  | { kind: "speech"; text: string; seconds: number }
  | { kind: "unreadable"; problem: FileProblem }
);

/** What the agent's skills can do with a file that comes; what is missing is not possible here. */
export interface FileHelp {
  /** Keeps it in the agent's folder and returns its path there. */
  keep?(filename: string, bytes: Uint8Array, signal: AbortSignal): Promise<string>;
  /** A JPEG of a HEIC picture. */
  toJpeg?(bytes: Buffer, signal: AbortSignal): Promise<Buffer>;
  transcribe?(
    audio: { bytes: Buffer; filename: string; mimeType: string },
    signal: AbortSignal,
  ): Promise<{ text: string; seconds: number }>;
}

export interface FileReaderOptions {
  /** Whom the extracting processes run as. */
  uid?: number | undefined;
  gid?: number | undefined;
  /** An existing folder that this user may enter. Nothing is written there. */
  tmpDir: string;
  /** Origins that may be plain http and at a private address, for development and tests. */
  allowedOrigins?: readonly string[] | undefined;
  help?: FileHelp;
  log: Log;
  /** Stricter limits and other parts, for tests. */
  download?: Pick<DownloadOptions, "timeoutMs" | "resolve"> | undefined;
  extraction?: Pick<ExtractionOptions, "timeoutMs" | "maxRssBytes" | "program"> | undefined;
}

export interface FileReader {
  /** Never rejects but with the signal's reason, or the reader's being closed. */
  read(file: SentFile, signal: AbortSignal): Promise<FileReading>;
  /** Ends what is being read; nothing runs any more when it resolves. */
  close(): Promise<void>;
}

/** Turns what somebody sent into what a model can use, or says why that is not possible. */
export function createFileReader(options: FileReaderOptions): FileReader {
  const { log } = options;
  const gate = createGate(READS_MAX, READS_WAITING_MAX);
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  async function read(file: SentFile, signal: AbortSignal): Promise<FileReading> {
    let filename = plainLine(file.filename ?? "");
    let path: string | undefined;
    try {
      const content = await contentOf(file, options, signal);
      filename ||= plainLine(content.filename);
      path = await keep(filename, content.bytes, signal);
      return { filename, ...(path && { path }), ...(await readContent(content, options, signal)) };
    } catch (error) {
      signal.throwIfAborted();
      const problem = error instanceof FileError ? error.problem : "internal";
      const cause = error instanceof FileError ? error.cause : error;
      log("file.unreadable", { problem, ...(cause === undefined ? {} : { cause: errorName(cause) }) });
      return { kind: "unreadable", filename, ...(path && { path }), problem };
    }
  }
  /** A file that cannot be kept can still be read. */
  async function keep(filename: string, bytes: Uint8Array, signal: AbortSignal): Promise<string | undefined> {
    try {
      return bytes.length === 0 ? undefined : await options.help?.keep?.(filename, bytes, signal);
    } catch (error) {
      signal.throwIfAborted();
      log("file.not-kept", { cause: errorName(error) });
      return undefined;
    }
  }
  return {
    async read(file, signal) {
      const either = AbortSignal.any([signal, closing.signal]);
      const reading = gate.run(() => read(file, either), either);
      running.add(reading);
      try {
        const filename = plainLine(file.filename ?? "");
        return (await reading) ?? { kind: "unreadable", filename, problem: "busy" };
      } finally {
        running.delete(reading);
      }
    },
    async close() {
      closing.abort(new Error("the file reader is closed"));
      await Promise.allSettled(running);
    },
  };
}

async function contentOf(
  file: SentFile,
  options: FileReaderOptions,
  signal: AbortSignal,
): Promise<AttachmentContent> {
  if (file.kind === "broken") throw new FileError(file.problem);
  const { allowedOrigins } = options;
  if (file.kind === "inline")
    return {
      filename: file.filename ?? "",
      mimeType: file.mimeType,
      bytes: Buffer.from(file.bytes, "base64"),
    };
  if ((file.contentLength ?? 0) > FILE_MAX_BYTES) throw new FileError("too-large");
  const payload = await download(file.url, { ...options.download, allowedOrigins }, signal);
  const content = readAttachmentContent(openPayload(payload, file));
  return { ...content, filename: file.filename ?? content.filename };
}

type Read =
  | Pick<Extract<FileReading, { kind: "image" }>, "kind" | "mimeType" | "bytes">
  | Pick<Extract<FileReading, { kind: "text" }>, "kind" | "text" | "isCut">
  | Pick<Extract<FileReading, { kind: "speech" }>, "kind" | "text" | "seconds">;

async function readContent(
  { filename, mimeType, bytes: content }: AttachmentContent,
  options: FileReaderOptions,
  signal: AbortSignal,
): Promise<Read> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  if (bytes.length === 0) throw new FileError("empty");
  if (bytes.length > FILE_MAX_BYTES) throw new FileError("too-large");
  const named = { filename, mimeType };
  const type = fileTypeOf(bytes, named);
  switch (type.kind) {
    case "image":
      requireUsableImage(bytes, type.mimeType);
      return { kind: "image", mimeType: type.mimeType, bytes };
    case "heic": {
      if (options.help?.toJpeg === undefined) throw new FileError("unknown-type");
      const jpeg = await options.help.toJpeg(bytes, signal).catch(failAs("damaged", signal));
      return { kind: "image", mimeType: "image/jpeg", bytes: jpeg };
    }
    case "audio": {
      if (options.help?.transcribe === undefined) throw new FileError("audio");
      const heard = options.help.transcribe({ bytes, ...named }, signal);
      return { kind: "speech", ...(await heard.catch(failAs("not-heard", signal))) };
    }
    case "pdf":
    case "packed": {
      const { uid, gid, tmpDir } = options;
      const extraction = { ...options.extraction, uid, gid, tmpDir };
      return { kind: "text", ...(await extractText(type.kind, bytes, extraction, signal)) };
    }
    case "ole":
      throw new FileError(bytes.includes(ENCRYPTED_OFFICE) ? "encrypted" : "unknown-type");
    case "video":
      throw new FileError("video");
    case "other": {
      const text = readPlainText(bytes);
      if (text === undefined) throw new FileError(mediaByName(named) ?? "unknown-type");
      if (text.text.trim() === "") throw new FileError("empty");
      return { kind: "text", ...text };
    }
  }
}

const failAs =
  (problem: FileProblem, signal: AbortSignal) =>
  (cause: unknown): never => {
    signal.throwIfAborted();
    throw new FileError(problem, { cause });
  };

/** The stream that an OLE container of Office has where it holds an encrypted document; without it, it is an old format. */
const ENCRYPTED_OFFICE = Buffer.from("EncryptedPackage", "utf16le");
