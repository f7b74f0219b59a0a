import type { Readable } from "node:stream";

const TAIL_MAX_BYTES = 64 * 1024;

/** Keeps the end of what a process writes. It may hold words of people, so it is never logged. */
export function keepTail(...streams: Readable[]): () => Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (const stream of streams) {
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      while (chunks[0] !== undefined && bytes - chunks[0].length >= TAIL_MAX_BYTES) {
        bytes -= chunks[0].length;
        chunks.shift();
      }
    });
  }
  return () => Buffer.concat(chunks).subarray(-TAIL_MAX_BYTES);
}
