/**
 * What the server and the `convos` extension of openclaw say to each other over loopback.
 *
 * The extension pulls: it asks for the next turn, runs it once and hands back the final text. The server
 * owns order, storage and delivery; a turn that was not completed is offered again after a restart.
 */

import type { Usage } from "../model-proxy/meter.ts";

export const CHANNEL_PATHS = {
  /** `GET`: 200 with a `Turn`, or 204 when none came within the long poll. */
  next: "/channel/turns/next",
  /** `POST` with a `TurnResult`: 204. Repeating it changes nothing. */
  complete: (turnId: string): string => `/channel/turns/${encodeURIComponent(turnId)}/complete`,
  /** `POST` with a `TurnMessage`: 204. Repeating a key changes nothing. */
  messages: (turnId: string): string => `/channel/turns/${encodeURIComponent(turnId)}/messages`,
} as const;

export interface TurnMember {
  inboxId: string;
  name: string;
  /** The agent's own entry. */
  isSelf: boolean;
  /** IANA name, as the member gives it in the profile. */
  timezone?: string;
}

export interface InboundMessage {
  id: string;
  senderInboxId: string;
  senderName: string;
  text: string;
  /** Milliseconds since the epoch. */
  sentAtMs: number;
  replyToId?: string;
}

/** A picture that somebody sent, as it was sent. */
export interface TurnImage {
  filename: string;
  mimeType: string;
  base64: string;
}

/**
 * One run of the model. `messages` is oldest first and never empty; the last one is being answered, the ones
 * before it are what has been said since the previous turn. A `probe` turn warms the gateway: its only message
 * is a probe text, which the model proxy answers itself.
 */
export interface Turn {
  turnId: string;
  kind: "message" | "probe";
  conversationId: string;
  /** One line; "" when the conversation has no name. */
  conversationName: string;
  agentName: string;
  /** What the claimer wants of this agent; may be empty. */
  instructions: string;
  members: readonly TurnMember[];
  messages: readonly InboundMessage[];
  /** In the order in which `messages` mention them. */
  images: readonly TurnImage[];
}

export const TURN_ERRORS = ["rejected", "dispatch-failed", "model-failed", "timed-out"] as const;
export type TurnError = (typeof TURN_ERRORS)[number];

/** `text` is null when the agent chose to say nothing or when `error` says why there is no answer. */
export interface TurnResult {
  text: string | null;
  error?: TurnError;
}

/** What the model can put into the chat in the middle of a turn, with the `message` tool. */
export type TurnContent =
  | { kind: "text"; text: string }
  | { kind: "file"; filename: string; mimeType: string; base64: string }
  /** On the message that is being answered, unless another one of the conversation is named. */
  | { kind: "reaction"; emoji: string; messageId?: string };

/** `key` is the same when the same send is repeated. */
export interface TurnMessage {
  key: string;
  content: TurnContent;
}

/** The server's side of the channel. At most one turn is on offer at a time. */
export interface TurnSource {
  /**
   * The next turn, or undefined once `signal` aborts. While a turn is uncompleted a further call returns that
   * same turn again: only a newly started gateway asks, because the extension completes one before it asks.
   */
  next(signal: AbortSignal): Promise<Turn | undefined>;
  /** Idempotent by turn id; unknown and already completed ids are accepted and change nothing. */
  complete(turnId: string, result: TurnResult): Promise<void>;
  /** Idempotent by turn id and key. */
  send(turnId: string, message: TurnMessage): Promise<void>;
  /** The model is about to act on the world. Durable when it returns. */
  noteAction(): void;
  /** What the provider says that a request of the model has cost. */
  noteUsage(usage: Usage): void;
}

export const CHANNEL_LIMITS = {
  /** How long `next` is held open. */
  longPollMs: 25_000,
  /** Largest body of a request to `/channel`. */
  bodyMaxBytes: 2 * 1024 * 1024,
  /** Longest text of a result or a message; longer is refused, never cut. */
  textMaxChars: 64_000,
  /** Largest file that the agent can send: what travels inside one message of XMTP. */
  fileMaxBytes: 1_000_000,
  /** Longest name of a file and longest emoji. */
  nameMaxChars: 128,
  /** Longest turn id and message key. */
  idMaxChars: 128,
} as const;
