import type { IncomingMessage, ServerResponse } from "node:http";

const BODY_MAX_BYTES = 256 * 1024;
const DROPPED_MAX_BYTES = 4 * 1024 * 1024;

/** A refusal that the caller is told about; `code` is the machine's word for it. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** Throws HttpProblem when the body is too large, no JSON or not of the schema. */
export async function readBody<T>(
  request: IncomingMessage,
  schema: { Check(value: unknown): value is T },
): Promise<T> {
  const bytes = await readBytes(request);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    // The parser's message quotes the body, which may hold people's words.
    throw new HttpProblem(400, "invalid-request");
  }
  if (!schema.Check(value)) throw new HttpProblem(400, "invalid-request");
  return value;
}

/** A body that is too large is read on, to a limit, and dropped, so that the caller gets to read the answer. */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_MAX_BYTES) chunks.push(chunk);
      else if (size > DROPPED_MAX_BYTES) request.destroy();
    });
    request.once("error", () => reject(new HttpProblem(400, "invalid-request")));
    request.once("end", () => {
      if (size > BODY_MAX_BYTES) reject(new HttpProblem(413, "payload-too-large"));
      else resolve(Buffer.concat(chunks));
    });
  });
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": status >= 400 ? "application/problem+json" : "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

export function sendEmpty(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-length": 0 });
  response.end();
}

/** Answers a thrown HttpProblem as a problem document; anything else is a defect and answered 500. */
export function sendProblem(response: ServerResponse, error: unknown): void {
  const problem = error instanceof HttpProblem ? error : new HttpProblem(500, "internal");
  if (problem !== error)
    process.stderr.write(`${JSON.stringify({ event: "defect", error: String(error) })}\n`);
  if (response.headersSent) return;
  const { status, code } = problem;
  sendJson(response, status, {
    type: `urn:convos-agents:error:${code}`,
    title: "The agent refused",
    status,
    code,
  });
}
