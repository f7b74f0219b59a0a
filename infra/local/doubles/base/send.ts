import type { ServerResponse } from "node:http";
import type { Fault } from "./faults.ts";
import type { JsonReply, Reply, StreamPart } from "./reply.ts";

/**
 * Sends a reply as the provider would. Resolves when it is out or the client has left, with the status that
 * was sent, null when the client left before.
 */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  signal: AbortSignal,
): Promise<number | null> {
  if (reply.kind === "json") await pause(reply.delayMs, signal);
  if (signal.aborted) return null;
  if (reply.kind === "json") {
    sendText(response, reply, textOf(reply));
    return reply.status;
  }
  response.writeHead(reply.status, reply.headers);
  await writeParts(response, reply.parts, signal);
  response.end();
  return reply.status;
}

/**
 * Sends a failure instead of the reply; `reply` is what the effect would have answered, null when there was
 * no effect. Returns the status that the client saw, null when it saw none.
 */
export async function sendFault(
  response: ServerResponse,
  fault: Exclude<Fault, { kind: "latency" | "provider" }>,
  reply: Reply | null,
  throttledReply: (retryAfterSeconds: number | undefined) => JsonReply,
  signal: AbortSignal,
): Promise<number | null> {
  switch (fault.kind) {
    case "hang":
      await aborted(signal);
      return null;
    case "reset":
      if (reply?.kind === "stream") {
        response.writeHead(reply.status, reply.headers);
        await writeParts(response, firstHalf(reply.parts), signal);
      }
      response.socket?.resetAndDestroy();
      return null;
    case "status":
      return sendFailure(
        response,
        fault.status,
        "application/json",
        JSON.stringify(fault.body ?? {}),
        fault.headers,
      );
    case "html": {
      const status = fault.status ?? 502;
      return sendFailure(response, status, "text/html; charset=UTF-8", htmlPage(status));
    }
    case "truncatedJson":
      return sendTruncated(response, reply, signal);
    case "429": {
      const throttled = throttledReply(fault.retryAfterSeconds);
      sendText(response, throttled, textOf(throttled));
      return throttled.status;
    }
  }
}

/** Waits, or ends early when the client leaves. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

async function sendTruncated(
  response: ServerResponse,
  reply: Reply | null,
  signal: AbortSignal,
): Promise<number> {
  if (reply?.kind === "stream") {
    response.writeHead(reply.status, reply.headers);
    await writeParts(response, firstHalf(reply.parts), signal);
    response.end();
    return reply.status;
  }
  const whole = reply ? textOf(reply) : '{"data":{"id":"incomplete"}}';
  return sendFailure(
    response,
    reply?.status ?? 200,
    "application/json",
    whole.slice(0, Math.ceil(whole.length / 2)),
  );
}

function sendFailure(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Record<string, string> = {},
): number {
  response.writeHead(status, { "content-type": contentType, ...headers }).end(text);
  return status;
}

function sendText(response: ServerResponse, reply: JsonReply, text: string): void {
  const type = text === "" ? {} : { "content-type": "application/json" };
  response.writeHead(reply.status, { ...type, ...reply.headers }).end(text);
}

async function writeParts(
  response: ServerResponse,
  parts: readonly StreamPart[],
  signal: AbortSignal,
): Promise<void> {
  for (const part of parts) {
    if (signal.aborted) return;
    if ("waitMs" in part) await pause(part.waitMs, signal);
    else response.write("bytes" in part ? part.bytes : part.text);
  }
}

const textOf = (reply: JsonReply): string => (reply.body === undefined ? "" : JSON.stringify(reply.body));
const firstHalf = (parts: readonly StreamPart[]): readonly StreamPart[] =>
  parts.slice(0, Math.ceil(parts.length / 2));

const htmlPage = (status: number): string =>
  `<!DOCTYPE html>\n<html><head><title>${status}: Bad gateway</title></head><body><h1>Bad gateway</h1><p>Error code ${status}</p></body></html>\n`;

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
