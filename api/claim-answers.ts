import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type ClaimView, readClaim } from "../activities/registry/claims.ts";
import { CLAIM_CHANNEL, type Registry } from "../activities/registry/registry.ts";
import { settledClaims } from "../activities/registry/settled-claims.ts";
import { type ClaimId, parseClaimId } from "../domain/ids.ts";
import { describeError, type Log } from "./log.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 5_000;
/** A connection can be dead without anybody saying so; then the answers are found by looking. */
const LOOK_EVERY_MS = 5_000;

/** A claim has its answer when nothing but time separates the caller from it: waiting and bound claims do not. */
export const isAnswered = ({ state }: ClaimView): boolean => state !== "waiting" && state !== "bound";

/**
 * Answers of claims as they are committed. One connection listens for all callers; a notification only says "look",
 * the answer itself is read from its row. What is missed while the connection is down is looked up when it is back.
 */
export class ClaimAnswers {
  readonly #registry: Registry;
  readonly #databaseUrl: string;
  readonly #log: Log;
  readonly #waiters = new Map<ClaimId, Set<() => void>>();
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(registry: Registry, databaseUrl: string, log: Log) {
    this.#registry = registry;
    this.#databaseUrl = databaseUrl;
    this.#log = log;
  }

  start(): void {
    this.#loops = Promise.all([this.#keepListening(), this.#keepLooking()]);
  }

  /** Whoever still waits gets the present state of its claim. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const id of this.#waiters.keys()) this.#ring(id);
    await this.#loops;
  }

  /**
   * The claim as soon as it is answered, or as it is after `waitMs` or when the caller is gone. Undefined when there is
   * no such claim.
   */
  async wait(id: ClaimId, waitMs: number, callerGone: AbortSignal): Promise<ClaimView | undefined> {
    const deadline = performance.now() + waitMs;
    const bell = new Bell();
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(bell.ring));
    callerGone.addEventListener("abort", bell.ring);
    try {
      for (;;) {
        // Also before the first wait: the answer may have come before anybody waited.
        const claim = await readClaim(this.#registry, id);
        if (!claim || isAnswered(claim)) return claim;
        const leftMs = deadline - performance.now();
        if (leftMs <= 0 || callerGone.aborted || this.#stopping.signal.aborted) return claim;
        await bell.wait(leftMs);
      }
    } finally {
      callerGone.removeEventListener("abort", bell.ring);
      waiters.delete(bell.ring);
      if (waiters.size === 0) this.#waiters.delete(id);
    }
  }

  #ring(id: ClaimId): void {
    for (const ring of this.#waiters.get(id) ?? []) ring();
  }

  async #lookForAnswers(): Promise<void> {
    for (const id of await settledClaims(this.#registry, [...this.#waiters.keys()])) this.#ring(id);
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, signal);
      try {
        if (!signal.aborted) await this.#lookForAnswers();
      } catch (error) {
        this.#log("claim-look-failed", describeError(error));
      }
    }
  }

  async #keepListening(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#listenUntilLost(() => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#log("claim-listen-failed", { failures, ...describeError(error) });
      }
      await pause(Math.min(RECONNECT_MIN_MS * 2 ** failures, RECONNECT_MAX_MS), signal);
      failures += 1;
    }
  }

  /** Resolves when the gateway stops, rejects when the connection is lost. */
  async #listenUntilLost(onListening: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      application_name: "gateway-listen",
    });
    const ended = new Promise<Error | undefined>((resolve) => {
      client.on("error", resolve);
      client.on("end", () => resolve(new Error("the connection was closed")));
      this.#stopping.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    client.on("notification", ({ payload }) => {
      const id = parseClaimId(payload ?? "");
      if (id) this.#ring(id);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CLAIM_CHANNEL}`);
      onListening();
      await this.#lookForAnswers();
      const lost = await ended;
      if (lost) throw lost;
    } finally {
      await client.end();
    }
  }
}

/** Wakes the one who waits; a ring while nobody waits is kept for the next wait. */
class Bell {
  #rung = Promise.withResolvers<void>();
  readonly ring = (): void => this.#rung.resolve();

  async wait(timeoutMs: number): Promise<void> {
    const timer = setTimeout(this.ring, timeoutMs);
    await this.#rung.promise;
    clearTimeout(timer);
    this.#rung = Promise.withResolvers<void>();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
