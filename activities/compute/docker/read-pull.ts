import { StringDecoder } from "node:string_decoder";
import { PlatformError } from "../../../domain/errors.ts";
import { classifyPullError } from "./classify.ts";

const LINE_MAX_CHARS = 256 * 1024;

/**
 * Reads a pull to its end: the daemon answers 200 before it begins, works only as long as somebody reads, and says in a
 * line `{"error": …}` that it failed. Throws what `classifyPullError` makes of that line.
 */
export async function readPull(stream: AsyncIterable<Buffer | string>): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let text = "";
  for await (const chunk of stream) {
    text += typeof chunk === "string" ? chunk : decoder.write(chunk);
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) readLine(line);
    if (text.length > LINE_MAX_CHARS) throw unreadable();
  }
  readLine(text);
}

function readLine(line: string): void {
  if (line.trim() === "") return;
  let progress: unknown;
  try {
    progress = JSON.parse(line);
  } catch {
    // The parser's message would quote the line.
    throw unreadable();
  }
  if (typeof progress === "object" && progress !== null && "error" in progress)
    throw classifyPullError(String(progress.error));
}

const unreadable = (): PlatformError =>
  new PlatformError("transient", { detail: "the progress of a pull cannot be read" });
