import type { GatewayClient } from "./gateway-client.ts";
import type { Report, ReportQueue } from "./state/report-queue.ts";
import { createWake } from "./wake.ts";

type LivingReport = Exclude<Report, { kind: "exploding" | "exploded" }>;

export interface Reporter {
  /** Durable when it returns; sent as soon as the platform answers. */
  report(report: LivingReport): void;
  /** A report was queued elsewhere. */
  wake(): void;
  stop(): Promise<void>;
}

/** Sends the queued reports in order, one at a time, each until the platform has answered for good. */
export function startReporter(queue: ReportQueue, gateway: GatewayClient): Reporter {
  const stopping = new AbortController();
  const wake = createWake();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const next = queue.next();
      if (next === undefined) {
        await wake.sleep(stopping.signal);
        continue;
      }
      const outcome = await gateway.report(next.event, stopping.signal);
      if (outcome !== "aborted") queue.accepted(next.position);
    }
  };
  const running = loop();
  return {
    report: (report) => {
      queue.add(report);
      wake.wake();
    },
    wake: () => wake.wake(),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
