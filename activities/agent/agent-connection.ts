import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";

/** Larger than any answer of the protocol; an answer beyond it is cut off and counts as none. */
const ANSWER_MAX_BYTES = 64 * 1024;

export interface Question {
  method: "GET" | "POST";
  path: string;
  headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
  timeoutMs: number;
}

export interface Answer {
  status: number;
  /** Undefined when the answer was not JSON. */
  body: unknown;
}

/** No answer came. `sent` is false only when it is certain that nothing of the request left. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly sent: boolean;

  constructor(reason: string, sent: boolean) {
    super(reason);
    this.sent = sent;
  }
}

/**
 * One connection to one agent. Who proved itself in the first answer is who gets every later request: a request
 * never moves to another connection, because another process may have the port by then.
 */
export class AgentConnection {
  readonly #origin: URL;
  readonly #agent: HttpAgent;
  #socket: Socket | undefined;

  constructor(url: string) {
    this.#origin = new URL(url);
    const options = { keepAlive: true, maxSockets: 1 };
    this.#agent = this.#origin.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  }

  ask(question: Question): Promise<Answer> {
    const { method, path, timeoutMs } = question;
    const body = question.body === undefined ? undefined : JSON.stringify(question.body);
    const headers: Record<string, string | number> = { accept: "application/json", ...question.headers };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      headers["content-length"] = Buffer.byteLength(body);
    }
    const url = new URL(this.#origin.pathname.replace(/\/$/, "") + path, this.#origin);
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      let sent = false;
      const request = send(url, { method, headers, agent: this.#agent });
      const fail = (reason: string): void => {
        clearTimeout(timer);
        reject(new NoAnswerError(reason, sent));
        request.destroy();
      };
      const timer = setTimeout(() => fail("time-out"), timeoutMs);
      request.on("error", () => fail("connection failed"));
      request.once("socket", (socket) => {
        if (this.#socket !== undefined && this.#socket !== socket) return fail("connection was closed");
        this.#socket = socket;
        sent = true;
        request.end(body);
      });
      request.once("response", (response) => {
        readAnswer(response).then((answer) => {
          clearTimeout(timer);
          resolve(answer);
        }, fail);
      });
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Rejects with the reason as text, which holds nothing of the answer. */
function readAnswer(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > ANSWER_MAX_BYTES) reject("answer is too large");
      else chunks.push(chunk);
    });
    response.once("error", () => reject("connection failed"));
    response.once("end", () => {
      resolve({ status: response.statusCode ?? 0, body: parseJson(Buffer.concat(chunks).toString("utf8")) });
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the answer, and "not JSON" is all the caller has to know.
    return undefined;
  }
}
