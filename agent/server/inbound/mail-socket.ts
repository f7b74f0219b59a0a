import { Type } from "typebox";
import { Value } from "typebox/value";
import type { OpenMailbox } from "../../skills/agentmail/mailbox.ts";

const CONNECT_TIMEOUT_SECONDS = 15;
const MAX_FRAME_CHARS = 4 * 1024 * 1024;

/** What is read of the provider's frames. Source: provider document "Websockets". */
const Frame = Type.Union([
  Type.Object({ type: Type.Literal("subscribed") }),
  Type.Object({ type: Type.Literal("error") }),
  Type.Object({
    type: Type.Literal("event"),
    event_type: Type.Literal("message.received"),
    message: Type.Object({
      inbox_id: Type.String({ maxLength: 320 }),
      message_id: Type.String({ minLength: 1, maxLength: 1_024 }),
    }),
  }),
]);

export interface MailSocketOptions {
  /** From here on everything that comes is told. */
  onSubscribed(): void;
  onMail(messageId: string): void;
  signal: AbortSignal;
}

/** The connection has ended without our doing. */
export class MailSocketError extends Error {
  override readonly name = "MailSocketError";
}

/** Listens for mail of this mailbox over one connection, until `signal` aborts; rejects when the connection ends before. */
export async function listenForMail(box: OpenMailbox, options: MailSocketOptions): Promise<void> {
  const { signal } = options;
  const socket = await box.sdk.websockets.connect({
    waitForOpen: false,
    reconnectAttempts: 0,
    connectionTimeoutInSeconds: CONNECT_TIMEOUT_SECONDS,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The library's own reader throws at what is not JSON, out of the socket, where nobody could catch it.
  // biome-ignore lint/complexity/useLiteralKeys: it is private; only the brackets reach it.
  socket.socket.removeEventListener("message", socket["handleMessage"]);
  socket.socket.addEventListener("message", ({ data }: { data: unknown }) => {
    const frame = parseFrame(data);
    if (frame?.type === "subscribed") options.onSubscribed();
    else if (frame?.type === "error") reject(new MailSocketError("the subscription was refused"));
    else if (frame?.message.inbox_id.toLowerCase() === box.address) options.onMail(frame.message.message_id);
  });
  socket.on("open", () => {
    const inboxIds = [box.address];
    socket.sendSubscribe({ type: "subscribe", eventTypes: ["message.received"], inboxIds });
  });
  for (const event of ["close", "error"] as const)
    socket.on(event, () => reject(new MailSocketError("the connection has ended")));
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  try {
    await promise;
  } finally {
    socket.close();
  }
}

/** Undefined for frames of no interest, whatever they are. */
function parseFrame(data: unknown): Type.Static<typeof Frame> | undefined {
  if (typeof data !== "string" || data.length > MAX_FRAME_CHARS) return undefined;
  try {
    const frame: unknown = JSON.parse(data);
    return Value.Check(Frame, frame) ? frame : undefined;
  } catch {
    // The parser's message would quote what somebody wrote.
    return undefined;
  }
}
