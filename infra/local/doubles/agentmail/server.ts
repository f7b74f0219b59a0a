import { openClock } from "../base/clock.ts";
import { serveDouble } from "../base/double-server.ts";
import type { FaultBook } from "../base/faults.ts";
import { openRecordStore } from "../base/record-store.ts";
import type { LogEntry } from "../base/request-log.ts";
import { Account } from "./account.ts";
import { Authorizer } from "./authorize.ts";
import { agentMailControl } from "./control.ts";
import { Downloads } from "./downloads.ts";
import { noRoute, throttled, validationError } from "./errors.ts";
import { EventFeed } from "./events.ts";
import { IDEMPOTENCY_FAULTS } from "./idempotency.ts";
import { INBOX_FAULTS, inboxRoutes } from "./inbox-routes.ts";
import { type AgentMailState, stateOf } from "./inventory.ts";
import { keyRoutes } from "./key-routes.ts";
import { Mailroom } from "./mailroom.ts";
import { messageRoutes } from "./message-routes.ts";
import { sendRoutes } from "./send-routes.ts";
import { threadRoutes } from "./thread-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";
import { WebhookSender } from "./webhook-sender.ts";
import { Websockets } from "./websockets.ts";

export const DEFAULT_API_KEY = "am_local_organization_key";

export interface AgentMailDoubleOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Where inboxes, keys, mail, webhooks and the clock's offset outlive the process; absent: in memory. */
  dataDir?: string;
  /** The one organisation key that is accepted. */
  apiKey?: string;
}

export interface AgentMailDouble {
  /** The API's base, as the SDK is given it: `http://127.0.0.1:<port>`; the SDK adds `/v0`. */
  url: string;
  apiKey: string;
  faults: FaultBook;
  /** The last requests: method, path, status, fault, time. */
  log(): readonly LogEntry[];
  state(): AgentMailState;
  /** Breaks off requests, websockets and deliveries in flight and frees port and data folder. */
  close(): Promise<void>;
}

/** Starts an AgentMail organisation with nothing but its key, or the one kept in `dataDir`. */
export async function startAgentMailDouble(options: AgentMailDoubleOptions = {}): Promise<AgentMailDouble> {
  const apiKey = options.apiKey ?? DEFAULT_API_KEY;
  const store = openRecordStore(options.dataDir, "agentmail");
  try {
    const clock = openClock(store);
    const account = new Account(store, clock);
    const authorizer = new Authorizer(account, apiKey);
    const events = new EventFeed(account);
    const mailroom = new Mailroom(account, events);
    const downloads = new Downloads(account);
    const webhooks = new WebhookSender(account);
    const websockets = new Websockets(authorizer);
    events.listen((event) => webhooks.handle(event));
    events.listen((event) => websockets.handle(event));
    const state = () => stateOf(account, websockets.size);
    const server = await serveDouble(
      {
        name: "agentmail",
        routes: [
          ...inboxRoutes(account, authorizer),
          ...keyRoutes(account, authorizer),
          ...sendRoutes(account, authorizer, mailroom),
          ...messageRoutes(account, authorizer, downloads),
          ...threadRoutes(account, authorizer),
          ...webhookRoutes(account, authorizer),
          downloads.route(),
        ],
        controlRoutes: agentMailControl({ account, mailroom, websockets, webhooks }),
        providerFaults: [...INBOX_FAULTS, ...IDEMPOTENCY_FAULTS],
        inventory: state,
        upgrade: (request, socket, head) => websockets.upgrade(request, socket, head),
        errors: {
          notFound: noRoute,
          badRequest: (message) => validationError("", message),
          throttled,
        },
      },
      clock,
      options.port ?? 0,
    );
    return {
      url: server.origin,
      apiKey,
      faults: server.faults,
      log: () => server.log.entries(),
      state,
      async close() {
        webhooks.stop();
        websockets.drop();
        await server.close();
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
