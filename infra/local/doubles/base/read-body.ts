import type { IncomingMessage } from "node:http";

/** Reads a request's body; undefined when it is larger than the limit. Rejects when the client breaks off. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError("the request was read as text");
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size <= maxBytes ? Buffer.concat(chunks) : undefined;
}

/** The JSON value of a body: undefined when there is none or it is of another type. Throws SyntaxError. */
export function parseBody(contentType: string | undefined, raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  if (contentType !== undefined && !/\bjson\b/i.test(contentType)) return undefined;
  return JSON.parse(raw.toString("utf8"));
}
