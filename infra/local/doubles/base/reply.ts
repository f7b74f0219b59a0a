/** What a route answers. Handlers are synchronous, so each request takes effect as a whole or not at all. */
export type Reply = JsonReply | StreamReply;

export interface JsonReply {
  kind: "json";
  status: number;
  headers: Record<string, string>;
  /** Serialised as JSON; undefined sends no body. */
  body: unknown;
  /** How long the provider pretends to work before it answers. */
  delayMs: number;
}

interface StreamReply {
  kind: "stream";
  status: number;
  headers: Record<string, string>;
  /** Pieces of text or bytes as they go over the wire, with the pauses between them. */
  parts: readonly StreamPart[];
}

export type StreamPart = { text: string } | { bytes: Uint8Array } | { waitMs: number };

/** A JSON answer that is sent at once. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): JsonReply {
  return { kind: "json", status, headers, body, delayMs: 0 };
}
