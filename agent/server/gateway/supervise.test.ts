import { afterEach, describe, expect, it, vi } from "vitest";
import type { Gateway } from "./start-gateway.ts";
import { SUPERVISION, type SupervisionOptions, superviseGateway } from "./supervise.ts";
import { HEALTH } from "./watch-health.ts";

/** A gateway without a process: a test says when it becomes ready and when it ends. */
function aGateway(
  readiness: "ready" | "never",
): Gateway & { crash(): void; stops: number; isAnswering: boolean } {
  const exit = Promise.withResolvers<{ code: number | null }>();
  const ready = readiness === "ready" ? Promise.resolve() : Promise.reject(new Error("never ready"));
  // The supervisor awaits it later; until then it must not count as unhandled.
  ready.catch(() => undefined);
  const gateway = {
    port: 1,
    pid: 1,
    ready,
    exited: exit.promise,
    stops: 0,
    isAnswering: true,
    answers: async () => gateway.isAnswering,
    rssBytes: () => 7,
    crash: () => exit.resolve({ code: 1 }),
    stop: async () => {
      gateway.stops += 1;
      exit.resolve({ code: 0 });
    },
  };
  return gateway;
}

function supervise(readiness: ("ready" | "never")[], fields: Partial<SupervisionOptions> = {}) {
  const started: ReturnType<typeof aGateway>[] = [];
  const options = {
    start: vi.fn(async () => {
      const gateway = aGateway(readiness[started.length] ?? readiness.at(-1) ?? "ready");
      started.push(gateway);
      return gateway;
    }),
    warmUp: vi.fn(async () => undefined),
    isStuck: () => false,
    onGivenUp: vi.fn(),
    log: () => undefined,
    ...fields,
  };
  return { started, options, supervised: superviseGateway(options) };
}

/** Lets what is due now happen, without letting time pass. */
const settle = () => vi.advanceTimersByTimeAsync(0);

afterEach(() => {
  vi.useRealTimers();
});

describe("supervision", () => {
  it("is ready once the gateway is warm, and ends it when stopped", async () => {
    const { supervised, options, started } = supervise(["ready"]);
    await supervised.ready;
    expect(options.warmUp).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(supervised.isReady).toBe(true));
    expect(supervised.rssBytes()).toBe(7);
    await supervised.stop();
    expect(supervised.isReady).toBe(false);
    expect(started[0]?.stops).toBeGreaterThan(0);
    expect(options.start).toHaveBeenCalledTimes(1);
  });

  it("starts it again after a growing pause, without a second warm-up", async () => {
    vi.useFakeTimers();
    const { supervised, options, started } = supervise(["ready"]);
    await settle();
    started[0]?.crash();
    await settle();
    expect(supervised.isReady).toBe(false);
    await vi.advanceTimersByTimeAsync(SUPERVISION.backOffFirstMs - 1);
    expect(options.start).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(options.start).toHaveBeenCalledTimes(2);
    expect(supervised.isReady).toBe(true);
    started[1]?.crash();
    await vi.advanceTimersByTimeAsync(2 * SUPERVISION.backOffFirstMs - 1);
    expect(options.start).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(options.start).toHaveBeenCalledTimes(3);
    expect(supervised.restarts).toBe(2);
    expect(options.warmUp).toHaveBeenCalledTimes(1);
    await supervised.stop();
  });

  it("gives up when it keeps ending, says so once and never becomes ready", async () => {
    vi.useFakeTimers();
    const { supervised, options, started } = supervise(["never"]);
    const failure = expect(supervised.ready).rejects.toThrow("not running");
    await vi.advanceTimersByTimeAsync(SUPERVISION.crashWindowMs);
    await failure;
    expect(started).toHaveLength(SUPERVISION.crashesMax);
    expect(options.onGivenUp).toHaveBeenCalledTimes(1);
    await supervised.stop();
  });

  it("forgets crashes that are long past", async () => {
    vi.useFakeTimers();
    const { supervised, options, started } = supervise(["ready"]);
    await settle();
    for (let crash = 0; crash < SUPERVISION.crashesMax * 2; crash += 1) {
      started.at(-1)?.crash();
      await vi.advanceTimersByTimeAsync(SUPERVISION.crashWindowMs);
    }
    expect(options.onGivenUp).not.toHaveBeenCalled();
    expect(supervised.isReady).toBe(true);
    await supervised.stop();
  });

  it("counts a gateway that cannot be warmed up, or that cannot be started at all", async () => {
    vi.useFakeTimers();
    let warmUps = 0;
    const { supervised, options } = supervise(["ready"], {
      warmUp: async () => {
        warmUps += 1;
        if (warmUps === 1) throw new Error("cold");
      },
    });
    await vi.advanceTimersByTimeAsync(SUPERVISION.backOffFirstMs);
    expect(options.start).toHaveBeenCalledTimes(2);
    await supervised.ready;
    await supervised.stop();

    const broken = supervise(["ready"], { start: async () => Promise.reject(new Error("no such file")) });
    const failure = expect(broken.supervised.ready).rejects.toThrow("not running");
    await vi.advanceTimersByTimeAsync(SUPERVISION.crashWindowMs);
    await failure;
    expect(broken.options.onGivenUp).toHaveBeenCalledTimes(1);
  });

  it("starts a gateway again that does not answer any more, or does not come back with a turn", async () => {
    vi.useFakeTimers();
    let isStuck = false;
    const { supervised, options, started } = supervise(["ready"], { isStuck: () => isStuck });
    await settle();
    if (started[0]) started[0].isAnswering = false;
    await vi.advanceTimersByTimeAsync(HEALTH.intervalMs * (HEALTH.missesMax - 1));
    if (started[0]) started[0].isAnswering = true;
    await vi.advanceTimersByTimeAsync(HEALTH.intervalMs);
    if (started[0]) started[0].isAnswering = false;
    await vi.advanceTimersByTimeAsync(HEALTH.intervalMs * (HEALTH.missesMax - 1));
    expect(supervised.isReady).toBe(true);
    await vi.advanceTimersByTimeAsync(HEALTH.intervalMs);
    expect(supervised.isReady).toBe(false);
    expect(started[0]?.stops).toBe(1);
    await vi.advanceTimersByTimeAsync(SUPERVISION.backOffFirstMs);
    expect(options.start).toHaveBeenCalledTimes(2);
    expect(supervised.isReady).toBe(true);
    isStuck = true;
    await vi.advanceTimersByTimeAsync(HEALTH.intervalMs);
    expect(started[1]?.stops).toBe(1);
    await supervised.stop();
  });

  it("ends a warm-up whose gateway ended, so that the next one can be warmed up", async () => {
    vi.useFakeTimers();
    const signals: AbortSignal[] = [];
    const { supervised, started } = supervise(["ready"], {
      warmUp: (signal) => {
        signals.push(signal);
        return signals.length === 1 ? new Promise(() => undefined) : Promise.resolve();
      },
    });
    await settle();
    started[0]?.crash();
    await settle();
    expect(signals[0]?.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(SUPERVISION.backOffFirstMs);
    await supervised.ready;
    await supervised.stop();
  });

  it("stops while it waits to start again", async () => {
    vi.useFakeTimers();
    const { supervised, options, started } = supervise(["ready"]);
    await settle();
    started[0]?.crash();
    await settle();
    await supervised.stop();
    await vi.advanceTimersByTimeAsync(SUPERVISION.backOffMaxMs);
    expect(options.start).toHaveBeenCalledTimes(1);
  });
});
