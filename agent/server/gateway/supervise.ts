import { pause } from "../wake.ts";
import type { Gateway } from "./start-gateway.ts";
import { becomesWedged } from "./watch-health.ts";

export const SUPERVISION = {
  backOffFirstMs: 1_000,
  backOffMaxMs: 30_000,
  /** This many ends within the window and the gateway is given up. */
  crashesMax: 6,
  crashWindowMs: 15 * 60_000,
} as const;

export interface SupervisedGateway {
  /** Resolves once the first start is ready and warm; rejects when the gateway is given up before that. */
  readonly ready: Promise<void>;
  /** Whether a gateway is ready for turns at this moment. */
  readonly isReady: boolean;
  /** How often it was started again. */
  readonly restarts: number;
  rssBytes(): number | undefined;
  /** Ends the gateway and the supervision. */
  stop(graceMs?: number): Promise<void>;
}

export interface SupervisionOptions {
  /** Starts a gateway with a token of its own. */
  start: () => Promise<Gateway>;
  /** Run once, when the first start is ready; a failure counts as a crash. `signal` aborts when the gateway ends. */
  warmUp: (signal: AbortSignal) => Promise<void>;
  /** Whether a turn has been with the gateway longer than any turn may take. */
  isStuck: () => boolean;
  /** Called once when the crash budget is used up; nothing is started after it. */
  onGivenUp: () => void;
  log: (event: string, facts?: Readonly<Record<string, string | number | boolean>>) => void;
  nowMs?: () => number;
}

/** Keeps one gateway running: starts it again when it ends or works no more, with back-off, until the crash budget is used up. */
export function superviseGateway(options: SupervisionOptions): SupervisedGateway {
  const { log, nowMs = Date.now } = options;
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => log("gateway-first-start-failed"));
  const crashedAtMs: number[] = [];
  let current: Gateway | undefined;
  let isReady = false;
  let isWarm = false;
  let restarts = 0;

  async function runOnce(): Promise<void> {
    const gateway = await options.start();
    current = gateway;
    const over = new AbortController();
    void gateway.exited.then(() => over.abort());
    try {
      if (stopping.signal.aborted) return;
      await gateway.ready;
      if (!isWarm) {
        await Promise.race([options.warmUp(over.signal), endOf(gateway)]);
        isWarm = true;
        first.resolve();
      }
      isReady = true;
      const { isStuck } = options;
      if (await becomesWedged({ gateway, isStuck, signal: over.signal })) return log("gateway-wedged");
      const { code } = await gateway.exited;
      if (!stopping.signal.aborted) log("gateway-ended", { code: code ?? -1 });
    } finally {
      isReady = false;
      over.abort();
      await gateway.stop();
      current = undefined;
    }
  }

  async function supervise(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await runOnce();
      } catch (error) {
        if (!stopping.signal.aborted) log("gateway-start-failed", { reason: reasonOf(error) });
      }
      if (stopping.signal.aborted) break;
      const now = nowMs();
      crashedAtMs.push(now);
      while (crashedAtMs[0] !== undefined && crashedAtMs[0] <= now - SUPERVISION.crashWindowMs)
        crashedAtMs.shift();
      if (crashedAtMs.length >= SUPERVISION.crashesMax) {
        log("gateway-given-up", { crashes: crashedAtMs.length });
        options.onGivenUp();
        break;
      }
      const backOffMs = SUPERVISION.backOffFirstMs * 2 ** (crashedAtMs.length - 1);
      await pause(Math.min(backOffMs, SUPERVISION.backOffMaxMs), stopping.signal);
      if (!stopping.signal.aborted) restarts += 1;
    }
    first.reject(new Error("the gateway is not running"));
  }

  const supervision = supervise();
  return {
    ready: first.promise,
    get isReady() {
      return isReady;
    },
    get restarts() {
      return restarts;
    },
    rssBytes: () => current?.rssBytes(),
    async stop(graceMs) {
      stopping.abort();
      await current?.stop(graceMs);
      await supervision;
    },
  };
}

/** Rejects when the gateway ends. */
const endOf = async (gateway: Gateway): Promise<never> => {
  await gateway.exited;
  throw new Error("the gateway ended while it was warmed up");
};

/** Messages of ours and of the file system: no words of people, no tokens. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown");
