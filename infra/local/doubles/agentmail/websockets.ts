import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import Type, { type Static } from "typebox";
import { Value } from "typebox/value";
import { type WebSocket, WebSocketServer } from "ws";
import { type Authorizer, type Caller, holds } from "./authorize.ts";
import { EVENT_TYPES, type MailEvent } from "./events.ts";

const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_SOCKETS = 1_000;

const SubscribeSchema = Type.Object({
  type: Type.Literal("subscribe"),
  event_types: Type.Optional(Type.Array(Type.Union(EVENT_TYPES.map((type) => Type.Literal(type))))),
  inbox_ids: Type.Optional(Type.Array(Type.String(), { maxItems: 1_000 })),
  pod_ids: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
});
type Subscription = Static<typeof SubscribeSchema>;

interface Client {
  secret: string;
  subscription?: Subscription;
}

/** `GET /v0` as a websocket: a client subscribes and then gets what happens, nothing of what happened before. */
export class Websockets {
  readonly #authorizer: Authorizer;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  readonly #clients = new Map<WebSocket, Client>();

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /** How many are connected. */
  get size(): number {
    return this.#clients.size;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? "/", "http://double");
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    const secret = url.searchParams.get("api_key") ?? bearer;
    const caller = secret === undefined ? undefined : this.#authorizer.callerOfSecret(secret);
    if (url.pathname !== "/v0") refuse(socket, "404 Not Found");
    else if (this.#clients.size >= MAX_SOCKETS) refuse(socket, "503 Service Unavailable");
    else if (secret === undefined || !caller) refuse(socket, "401 Unauthorized");
    else if (!holds(caller, "message_read")) refuse(socket, "403 Forbidden");
    else {
      this.#server.handleUpgrade(request, socket, head, (websocket) => this.#accept(websocket, secret));
    }
  }

  handle(event: MailEvent): void {
    for (const [websocket, { secret, subscription }] of this.#clients) {
      const caller = this.#authorizer.callerOfSecret(secret);
      if (!caller) websocket.terminate();
      else if (subscription && wants(subscription, caller, event)) send(websocket, event.body);
    }
  }

  /** Breaks every connection without a goodbye, as a network does. */
  drop(): number {
    const dropped = this.#clients.size;
    for (const websocket of this.#clients.keys()) websocket.terminate();
    return dropped;
  }

  #accept(websocket: WebSocket, secret: string): void {
    const client: Client = { secret };
    this.#clients.set(websocket, client);
    websocket.on("close", () => this.#clients.delete(websocket));
    // A frame that breaks the protocol: the library closes the connection itself.
    websocket.on("error", () => websocket.terminate());
    websocket.on("message", (data) => {
      const wanted = parse(String(data));
      const caller = this.#authorizer.callerOfSecret(secret);
      if (wanted === undefined) {
        sendError(websocket, "ValidationError", "expected a subscribe message");
      } else if (wanted.inbox_ids?.some((id) => caller?.kind === "inbox" && caller.key.inbox_id !== id)) {
        sendError(websocket, "NotFoundError", "Inbox not found");
      } else {
        client.subscription = wanted;
        send(websocket, { ...wanted, type: "subscribed" });
      }
    });
  }
}

function wants({ event_types, inbox_ids }: Subscription, caller: Caller, event: MailEvent): boolean {
  if (caller.kind === "inbox" && caller.key.inbox_id !== event.inboxId) return false;
  if (inbox_ids && inbox_ids.length > 0 && !inbox_ids.includes(event.inboxId)) return false;
  return (
    event_types === undefined || event_types.length === 0 || event_types.some((one) => one === event.type)
  );
}

function parse(text: string): Subscription | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return Value.Check(SubscribeSchema, message) ? message : undefined;
  } catch {
    // Not JSON: the client is told that a subscribe message was expected.
    return undefined;
  }
}

const send = (websocket: WebSocket, message: unknown): void => websocket.send(JSON.stringify(message));
const sendError = (websocket: WebSocket, name: string, message: string): void =>
  send(websocket, { type: "error", name, message });

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
