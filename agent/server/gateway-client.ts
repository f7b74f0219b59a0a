import type { AgentEvent } from "../../domain/agent-protocol.ts";
import { errorName, type Log } from "./log.ts";
import { backOffMs, pause } from "./wake.ts";

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_MS = 500;
const RETRY_MAX_MS = 30_000;

/**
 * `accepted` by a 2xx, or by a standalone agent itself; `stale` by 409: the epoch is over, or what is told is not
 * taken; `invalid` by 400: it will never be understood, which must not keep back the reports behind it; `unknown` by
 * 410: the platform does not know this instance any more; `aborted` by us.
 */
export type ReportOutcome = "accepted" | "stale" | "invalid" | "unknown" | "aborted";

export interface GatewayClient {
  /** Repeats the event, with jitter and a growing pause, until the platform has answered for good. */
  report(event: AgentEvent, signal: AbortSignal): Promise<ReportOutcome>;
}

export interface GatewayClientOptions {
  /** Undefined for a standalone agent, whose reports are for nobody. */
  gatewayUrl: string | undefined;
  instanceId: string;
  instanceSecret: string;
  log: Log;
}

export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  if (options.gatewayUrl === undefined) return { report: async () => "accepted" };
  const url = `${options.gatewayUrl}/api/instances/${encodeURIComponent(options.instanceId)}/events`;

  const post = async (event: AgentEvent, signal: AbortSignal): Promise<number> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${options.instanceSecret}`, "content-type": "application/json" },
      body: JSON.stringify(event),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return response.status;
  };
  return {
    report: async (event, signal) => {
      for (let attempt = 0; !signal.aborted; attempt += 1) {
        try {
          const status = await post(event, signal);
          if (status >= 200 && status < 300) return "accepted";
          if (status === 410) return "unknown";
          options.log("report-refused", { kind: event.kind, sequence: event.sequence, status });
          if (status === 409) return "stale";
          if (status === 400) return "invalid";
        } catch (error) {
          if (signal.aborted) break;
          options.log("report-failed", {
            kind: event.kind,
            sequence: event.sequence,
            error: errorName(error),
          });
        }
        await pause(backOffMs(attempt, RETRY_MS, RETRY_MAX_MS), signal);
      }
      return "aborted";
    },
  };
}
