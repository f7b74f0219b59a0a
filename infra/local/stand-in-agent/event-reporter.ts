import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentEvent } from "../../../domain/agent-protocol.ts";

const REPORT_TIMEOUT_MS = 5_000;
const FIRST_DELAY_MS = 50;
const DELAY_MAX_MS = 2_000;

/** Shared by all agents of a process: a host reports for thousands over few connections. */
const connections = new Agent({ keepAlive: true, maxSockets: 32 });

export interface ReporterOptions {
  gatewayUrl: string;
  instanceId: string;
  instanceSecret: string;
  epoch: number;
}

type WithoutCount<T> = T extends unknown ? Omit<T, "epoch" | "sequence"> : never;
/** An event without the numbers that the reporter gives it. */
export type Report = WithoutCount<AgentEvent>;

/** Reports in order, each repeated with the same sequence number until the gateway answers 2xx. */
export class EventReporter {
  readonly #options: ReporterOptions;
  readonly #stop = new AbortController();
  #sequence = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Resolves once the event was accepted, or once the reporter was stopped. */
  report(event: Report): Promise<void> {
    this.#sequence += 1;
    const body = JSON.stringify({ ...event, epoch: this.#options.epoch, sequence: this.#sequence });
    this.#tail = this.#tail.then(() => this.#untilAccepted(body));
    return this.#tail;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #untilAccepted(body: string): Promise<void> {
    for (let wait = FIRST_DELAY_MS; !this.#stop.signal.aborted; wait = Math.min(wait * 2, DELAY_MAX_MS)) {
      const status = await this.#post(body);
      if (status >= 200 && status < 300) return;
      await delay(wait * (0.5 + Math.random()), undefined, { signal: this.#stop.signal }).catch(() => {
        // Stopped while waiting: the loop's condition ends it.
      });
    }
  }

  /** The status answered, or 0 when there was no answer; both mean "again" to the caller. */
  #post(body: string): Promise<number> {
    const { gatewayUrl, instanceId, instanceSecret } = this.#options;
    return new Promise((resolve) => {
      const call = request(`${gatewayUrl.replace(/\/+$/, "")}/api/instances/${instanceId}/events`, {
        method: "POST",
        agent: connections,
        timeout: REPORT_TIMEOUT_MS,
        signal: this.#stop.signal,
        headers: {
          authorization: `Bearer ${instanceSecret}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      });
      call.once("timeout", () => call.destroy());
      call.once("error", () => resolve(0));
      call.once("response", (response) => {
        response.resume();
        response.once("close", () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
      });
      call.end(body);
    });
  }
}
