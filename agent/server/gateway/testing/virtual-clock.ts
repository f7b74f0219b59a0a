/**
 * Loaded into the gateway's main thread before anything else (`node --import`): its time goes at the pace of real time until
 * the process that started it asks for more. Threads and processes that openclaw starts keep the machine's time.
 */
import { subscribe } from "node:diagnostics_channel";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import { performance as realPerformance } from "node:perf_hooks";
import timers from "node:timers";
import { isMainThread } from "node:worker_threads";
import { install } from "@sinonjs/fake-timers";
import type { Advance, Advanced } from "./clock-messages.ts";

/** How often virtual time follows real time while nobody asks for more. */
const FOLLOW_EVERY_MS = 5;
/** Virtual time jumps by so much: what is due within it is called once, in order, and what that began may go on in peace. */
const STEP_MS = 15 * 60_000;
/**
 * Timers below are no plans but pauses between looks at what goes on in real time, and stay real: such as the time-outs of `fetch`,
 * which counts them by one timer of half a second.
 */
const SHORT_MS = 5_000;
/** A step is over when the event loop did little for this long, in real time. */
const QUIET_MS = 10;
const QUIET_UTILIZATION = 0.5;
/** Real time that one step may take. */
const STEP_MAX_MS = 20_000;

type Timers = Pick<typeof timers, "setTimeout" | "clearTimeout" | "setInterval" | "clearInterval">;

function takeOver(): void {
  // What openclaw starts must not find it.
  delete process.env.NODE_OPTIONS;
  const real = { setTimeout, clearTimeout, setInterval, clearInterval };
  const realNowMs = realPerformance.now.bind(realPerformance);
  const clock = install({
    now: Date.now(),
    toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "hrtime"],
  });
  let fired = 0;
  keepShortReal(real, () => {
    fired += 1;
  });
  const contacted = noteContacts();

  let followedMs = realNowMs();
  real.setInterval(() => {
    const passedMs = Math.floor(realNowMs() - followedMs);
    followedMs += passedMs;
    clock.tick(passedMs);
  }, FOLLOW_EVERY_MS);

  async function settle(): Promise<void> {
    const endMs = realNowMs() + STEP_MAX_MS;
    for (;;) {
      const before = realPerformance.eventLoopUtilization();
      await new Promise((resolve) => real.setTimeout(resolve, QUIET_MS));
      if (realPerformance.eventLoopUtilization(before).utilization < QUIET_UTILIZATION) return;
      if (realNowMs() > endMs) throw new Error("the gateway does not come to rest");
    }
  }

  async function advance(byMs: number): Promise<Advanced> {
    const [startMs, firedBefore] = [clock.now, fired];
    while (clock.now < startMs + byMs) {
      clock.jump(Math.min(STEP_MS, startMs + byMs - clock.now));
      await settle();
    }
    return { virtualMs: clock.now - startMs, fired: fired - firedBefore, contacted: [...contacted] };
  }

  process.on("message", ({ advanceMs }: Advance) => {
    advance(advanceMs).then(
      (advanced) => process.send?.(advanced),
      (error: unknown) => {
        throw error;
      },
    );
  });
}

/** Splits timers by how long they are; calls back when one that is virtual fires. Those of `timers/promises` are all virtual. */
function keepShortReal(real: Timers, onFired: () => void): void {
  const virtual: Timers = { setTimeout, clearTimeout, setInterval, clearInterval };
  const RealTimeout = real.setTimeout(() => undefined, 0).constructor;
  const setting = <Name extends "setTimeout" | "setInterval">(name: Name): Timers[Name] =>
    new Proxy(virtual[name], {
      apply(setVirtual, self, [callback, ms, ...rest]) {
        if (!(ms >= SHORT_MS)) return Reflect.apply(real[name], self, [callback, ms, ...rest]);
        const noted = (...args: unknown[]) => {
          onFired();
          return callback(...args);
        };
        return Reflect.apply(setVirtual, self, [noted, ms, ...rest]);
      },
    });
  const clearing = <Name extends "clearTimeout" | "clearInterval">(name: Name): Timers[Name] =>
    new Proxy(virtual[name], {
      apply: (clearVirtual, self, args) =>
        Reflect.apply(args[0] instanceof RealTimeout ? real[name] : clearVirtual, self, args),
    });
  const mixed: Timers = {
    setTimeout: setting("setTimeout"),
    clearTimeout: clearing("clearTimeout"),
    setInterval: setting("setInterval"),
    clearInterval: clearing("clearInterval"),
  };
  Object.assign(globalThis, mixed);
  Object.assign(timers, mixed);
  syncBuiltinESMExports();
}

/** Hosts and addresses that connections are opened to, or tried, from now on. */
function noteContacts(): ReadonlySet<string> {
  const contacted = new Set<string>();
  subscribe("net.client.socket", (message) => {
    if (typeof message !== "object" || message === null || !("socket" in message)) return;
    const { socket } = message;
    if (!(socket instanceof Socket)) return;
    socket.once("lookup", (_error, _address, _family, host) => contacted.add(host));
    socket.once("connect", () => contacted.add(socket.remoteAddress ?? "a local socket"));
  });
  return contacted;
}

if (isMainThread) takeOver();
