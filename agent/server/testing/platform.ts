import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentEvent } from "../../../domain/agent-protocol.ts";

export interface TestPlatform {
  url: string;
  /** Accepted reports, in the order in which they came. */
  events: AgentEvent[];
  /** Answers every report with this status; accepts again when undefined. */
  refuseWith: number | undefined;
  /** Reports that were answered with `refuseWith`. */
  refused: number;
  waitFor(kind: AgentEvent["kind"], timeoutMs?: number): Promise<AgentEvent>;
  close(): Promise<void>;
}

/** The part of the platform that an agent reports to. */
export async function startTestPlatform(instanceId: string, instanceSecret: string): Promise<TestPlatform> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === `/api/instances/${instanceId}/equipment`) {
        response.writeHead(200, { "content-type": "application/json" }).end('{"items":[]}');
        return;
      }
      const known =
        request.url === `/api/instances/${instanceId}/events` &&
        request.headers.authorization === `Bearer ${instanceSecret}`;
      const status = known ? (platform.refuseWith ?? 202) : 401;
      if (status === 202) platform.events.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      else platform.refused += 1;
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const platform: TestPlatform = {
    url: `http://127.0.0.1:${address.port}`,
    events: [],
    refuseWith: undefined,
    refused: 0,
    waitFor: async (kind, timeoutMs = 20_000) => {
      for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await delay(20)) {
        const found = platform.events.find((event) => event.kind === kind);
        if (found !== undefined) return found;
      }
      throw new Error(`waited too long for the report ${kind}`);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return platform;
}
