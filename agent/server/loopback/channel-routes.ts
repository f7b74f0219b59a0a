import type { IncomingMessage, ServerResponse } from "node:http";
import { isEmoji } from "../talk/emoji.ts";
import {
  CHANNEL_LIMITS,
  TURN_ERRORS,
  type TurnContent,
  type TurnError,
  type TurnMessage,
  type TurnResult,
  type TurnSource,
} from "./channel-api.ts";
import { readBody, sendEmpty, sendJson } from "./http.ts";

export interface ChannelRoutes {
  /** Handles a request below `/channel`; `path` is what follows it, without query. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>;
  /** A new gateway comes: ends the poll that is open, if any, with 204, and the turn that was out is not any more. */
  forgetGateway(): void;
  /** How long the turn that is out has been with the gateway; 0 when none is out. */
  turnOutMs(): number;
}

const TURN_PATH = /^\/turns\/([^/]+)\/(complete|messages)$/;

export function createChannelRoutes(source: TurnSource): ChannelRoutes {
  /** Only the latest poll is served: an older one belongs to a gateway that is gone. */
  let poll: AbortController | undefined;
  let out: { turnId: string; sinceMs: number } | undefined;

  async function next(response: ServerResponse) {
    poll?.abort();
    const own = new AbortController();
    poll = own;
    const end = () => own.abort();
    const timer = setTimeout(end, CHANNEL_LIMITS.longPollMs);
    response.once("close", end);
    try {
      const turn = await source.next(own.signal);
      if (turn) {
        if (!own.signal.aborted && out?.turnId !== turn.turnId)
          out = { turnId: turn.turnId, sinceMs: Date.now() };
        sendJson(response, 200, turn);
      } else sendEmpty(response, 204);
    } finally {
      clearTimeout(timer);
      response.off("close", end);
      if (poll === own) poll = undefined;
    }
  }

  async function act(request: IncomingMessage, response: ServerResponse, turnId: string, verb: string) {
    const body = await readBody(request, CHANNEL_LIMITS.bodyMaxBytes);
    if (body === undefined) return sendJson(response, 413, { error: "too-large" });
    const document = parseJson(body);
    if (verb === "complete") {
      const result = parseResult(document);
      if (!result) return sendJson(response, 400, { error: "invalid-result" });
      await source.complete(turnId, result);
      if (out?.turnId === turnId) out = undefined;
    } else {
      const message = parseMessage(document);
      if (!message) return sendJson(response, 400, { error: "invalid-message" });
      await source.send(turnId, message);
    }
    sendEmpty(response, 204);
  }

  return {
    forgetGateway() {
      poll?.abort();
      out = undefined;
    },
    turnOutMs: () => (out === undefined ? 0 : Date.now() - out.sinceMs),
    async handle(request, response, path) {
      if (request.method === "GET" && path === "/turns/next") return next(response);
      const match = request.method === "POST" ? TURN_PATH.exec(path) : null;
      const turnId = decodeId(match?.[1]);
      if (!match?.[2] || turnId === undefined) return sendJson(response, 404, { error: "not-found" });
      await act(request, response, turnId, match[2]);
    },
  };
}

function decodeId(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  try {
    const id = decodeURIComponent(encoded);
    return id.length <= CHANNEL_LIMITS.idMaxChars ? id : undefined;
  } catch {
    // A malformed escape names no turn.
    return undefined;
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // Answered as an invalid body by the caller.
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length <= CHANNEL_LIMITS.textMaxChars;

const isTurnError = (value: unknown): value is TurnError => TURN_ERRORS.some((code) => code === value);

function parseResult(document: unknown): TurnResult | undefined {
  if (!isRecord(document)) return undefined;
  const { text, error } = document;
  if (text !== null && !isText(text)) return undefined;
  if (error === undefined) return { text };
  return isTurnError(error) ? { text, error } : undefined;
}

function parseMessage(document: unknown): TurnMessage | undefined {
  if (!isRecord(document)) return undefined;
  const { key, content } = document;
  if (typeof key !== "string" || key.length === 0 || key.length > CHANNEL_LIMITS.idMaxChars) return undefined;
  const parsed = isRecord(content) ? parseContent(content) : undefined;
  return parsed && { key, content: parsed };
}

function parseContent(content: Record<string, unknown>): TurnContent | undefined {
  const { kind, text, filename, mimeType, base64, emoji, messageId } = content;
  if (kind === "text") return isText(text) && text.length > 0 ? { kind, text } : undefined;
  if (kind === "file")
    return isName(filename) && isName(mimeType) && MIME_TYPE.test(mimeType) && isFile(base64)
      ? { kind, filename, mimeType, base64 }
      : undefined;
  if (kind !== "reaction" || !isName(emoji) || !isEmoji(emoji)) return undefined;
  if (messageId === undefined) return { kind, emoji };
  return isName(messageId) ? { kind, emoji, messageId } : undefined;
}

const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= CHANNEL_LIMITS.nameMaxChars;

const isFile = (value: unknown): value is string =>
  typeof value === "string" && BASE64.test(value) && value.length * 0.75 - 2 <= CHANNEL_LIMITS.fileMaxBytes;
