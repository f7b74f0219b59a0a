import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentEvent } from "../../../domain/agent-protocol.ts";

export interface ReceivedReport {
  instanceId: string;
  /** What came as Bearer. */
  bearer: string;
  /** Whether it was answered 2xx. */
  accepted: boolean;
  event: AgentEvent;
}

/** The gateway as an agent sees it: takes reports. */
export interface GatewayListener {
  url: string;
  /** Every report in the order of arrival, the refused ones too. */
  readonly reports: readonly ReceivedReport[];
  /** The next so many reports are answered 503. */
  refuseNext(count: number): void;
  /** The accepted reports of an instance and kind. */
  accepted(instanceId: string, kind: AgentEvent["kind"]): readonly ReceivedReport[];
  /** Waits until `condition` holds; throws with `what` after `timeoutMs`. */
  waitUntil(what: string, condition: () => boolean, timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const PATH = /^\/api\/instances\/([a-z0-9]{12})\/events$/;
const KINDS: ReadonlySet<unknown> = new Set<AgentEvent["kind"]>([
  "idle",
  "joined",
  "join-refused",
  "exploding",
  "exploded",
  "fault",
]);

export async function startGatewayListener(): Promise<GatewayListener> {
  const reports: ReceivedReport[] = [];
  let refusals = 0;
  const take = async (request: IncomingMessage): Promise<number> => {
    const instanceId = PATH.exec(request.url ?? "")?.[1];
    if (request.method !== "POST" || instanceId === undefined) return 404;
    const event: unknown = JSON.parse(await text(request));
    if (!isEvent(event)) return 400;
    const accepted = refusals === 0;
    if (!accepted) refusals -= 1;
    const bearer = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    reports.push({ instanceId, bearer, accepted, event });
    return accepted ? 204 : 503;
  };
  const server = createServer((request, response) => {
    take(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  return {
    url: `http://127.0.0.1:${address.port}`,
    reports,
    refuseNext: (count) => {
      refusals = count;
    },
    accepted: (instanceId, kind) =>
      reports.filter(
        (report) => report.accepted && report.instanceId === instanceId && report.event.kind === kind,
      ),
    waitUntil: async (what, condition, timeoutMs) => {
      const deadline = Date.now() + timeoutMs;
      while (!condition()) {
        if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
        await delay(10);
      }
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const isEvent = (value: unknown): value is AgentEvent =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  KINDS.has(value.kind) &&
  "epoch" in value &&
  Number.isSafeInteger(value.epoch) &&
  "sequence" in value &&
  Number.isSafeInteger(value.sequence);
