import { once } from "node:events";
import type { Turn, TurnResult } from "../../../../server/loopback/channel-api.ts";
import { type ChannelClient, ChannelError } from "./channel-client.ts";
import { beginTurn, endTurn } from "./current-turn.ts";
import { type ChannelHost, NotRunError, runTurn } from "./run-turn.ts";

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5_000;
/** How often a turn is tried while openclaw is still busy with its own start. */
const DISPATCH_ATTEMPTS = 12;
/** Longer than openclaw's own limit of a run: a turn that is not back by then is given up. */
const TURN_TIMEOUT_MS = 6 * 60_000;
/** How long the server may be unreachable before this gateway, which is of no use without it, ends. */
const ABANDONED_AFTER_MS = 20_000;

export interface PumpOptions {
  host: ChannelHost;
  client: ChannelClient;
  signal: AbortSignal;
  warn: (message: string) => void;
  /** Called when the server is gone or has given its token to another gateway. */
  onAbandoned: () => void;
}

const backOffMs = (attempt: number): number => Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS);

/** Resolves after `ms` or as soon as `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    function end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}

/** openclaw's start-up and its first turns compete for locks; the loser may simply try again. */
const isPassing = (error: unknown): boolean =>
  error instanceof NotRunError ||
  (error instanceof Error &&
    /StateDatabaseCoordinatorContention|state-lifecycle/.test(`${error.name} ${error.message}`));

/** Takes turns from the server one after another until `signal` aborts. */
export async function pumpTurns(options: PumpOptions): Promise<void> {
  const { host, client, signal, warn } = options;
  let failures = 0;
  let unreachableSinceMs: number | undefined;
  while (!signal.aborted) {
    let turn: Turn | undefined;
    try {
      turn = await client.next(signal);
      failures = 0;
      unreachableSinceMs = undefined;
    } catch (error) {
      if (signal.aborted) return;
      unreachableSinceMs ??= Date.now();
      const refused = error instanceof ChannelError && error.status === 401;
      if (refused || Date.now() - unreachableSinceMs > ABANDONED_AFTER_MS) return options.onAbandoned();
      await pause(backOffMs(failures++), signal);
      continue;
    }
    if (!turn) continue;
    beginTurn(turn.turnId, client);
    let result: TurnResult | undefined;
    try {
      result = await attempt(host, turn, signal, warn);
    } finally {
      endTurn();
    }
    // A turn that this stop interrupted stays with the server, which offers it to the next gateway.
    if (signal.aborted) return;
    await report(client, turn.turnId, result, signal, warn);
  }
}

async function attempt(
  host: ChannelHost,
  turn: Turn,
  signal: AbortSignal,
  warn: (message: string) => void,
): Promise<TurnResult> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await runWithin(host, turn, signal);
    } catch (error) {
      const name = error instanceof Error ? error.name : "unknown";
      if (!isPassing(error) || tries + 1 >= DISPATCH_ATTEMPTS || signal.aborted) {
        warn(`turn could not be run: ${name}`);
        return { text: null, error: "dispatch-failed" };
      }
      await pause(backOffMs(tries), signal);
    }
  }
}

/** Runs the turn, but not for ever. */
async function runWithin(host: ChannelHost, turn: Turn, signal: AbortSignal): Promise<TurnResult> {
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(), TURN_TIMEOUT_MS);
  const late = once(overdue.signal, "abort").then((): TurnResult => ({ text: null, error: "timed-out" }));
  try {
    return await Promise.race([runTurn(host, turn, AbortSignal.any([signal, overdue.signal])), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Hands the result back until the server has it; it accepts a repetition. */
async function report(
  client: ChannelClient,
  turnId: string,
  result: TurnResult,
  signal: AbortSignal,
  warn: (message: string) => void,
): Promise<void> {
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      return await client.complete(turnId, result);
    } catch (error) {
      const status = error instanceof ChannelError ? error.status : 0;
      if (status >= 400 && status < 500) {
        warn(`result refused with ${status}`);
        if (status === 401 || result.text === null) return;
        // Too long or otherwise unacceptable: the turn must not come again and again.
        result = { text: null, error: "rejected" };
      }
      await pause(backOffMs(tries), signal);
    }
  }
}
