import { randomUUID } from "node:crypto";
import Type, { type Static } from "typebox";
import { Collection } from "../base/collection.ts";
import type { RecordStore } from "../base/record-store.ts";
import type { Account } from "./account.ts";
import { isoTime } from "./records.ts";
import type { WebhookSigner } from "./signing.ts";
import type { WebhookFaults } from "./webhook-faults.ts";

const DeliverySchema = Type.Object({
  id: Type.String(),
  eventId: Type.String(),
  eventType: Type.String(),
  /** The message it is about: its events are first tried in order. */
  subjectId: Type.String(),
  occurredAtMs: Type.Number(),
  payload: Type.Unknown(),
  urls: Type.Array(Type.String()),
  attempts: Type.Integer(),
  dueAtMs: Type.Number(),
  isHeldBack: Type.Boolean(),
  staleTimestamp: Type.Boolean(),
  badSignature: Type.Boolean(),
});
type Delivery = Static<typeof DeliverySchema>;

interface WebhookEvent {
  eventType: string;
  subjectId: string;
  occurredAtMs: number;
  payload: unknown;
  /** First choice and failover; none: nobody is told. */
  urls: string[];
}

/** One attempt, without its body and address. */
export interface WebhookAttempt {
  eventId: string;
  eventType: string;
  attempt: number;
  target: "webhook" | "failover";
  /** Null when there was no answer in time. */
  status: number | null;
}

const ATTEMPTS_PER_URL = 3;
const FAULT_DELAY_MS = 5_000;
const MAX_IN_FLIGHT = 10;
const MAX_QUEUED = 5_000;
const MAX_KEPT_ATTEMPTS = 500;
const TICK_MS = 25;

/** Delivers events, signed, when their time has come: three attempts per URL, `meta.attempt` rising throughout. */
export class WebhookSender {
  readonly #account: Account;
  readonly #signer: WebhookSigner;
  readonly #faults: WebhookFaults;
  readonly #queue: Collection<typeof DeliverySchema>;
  readonly #inFlight = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #attempts: WebhookAttempt[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(store: RecordStore, account: Account, signer: WebhookSigner, faults: WebhookFaults) {
    this.#account = account;
    this.#signer = signer;
    this.#faults = faults;
    this.#queue = new Collection(store, "webhook", DeliverySchema);
    this.#timer = setInterval(() => this.#deliverDue(), TICK_MS);
    this.#timer.unref();
  }

  enqueue(event: WebhookEvent): void {
    const fault = this.#faults.take(event.eventType);
    if (event.urls.length === 0 || fault === "drop" || this.queued >= MAX_QUEUED) return;
    const isLate = fault === "delay" || fault === "reorder";
    const delivery: Delivery = {
      ...event,
      id: randomUUID(),
      eventId: randomUUID(),
      attempts: 0,
      dueAtMs: event.occurredAtMs + (isLate ? FAULT_DELAY_MS : 0),
      isHeldBack: fault === "reorder",
      staleTimestamp: fault === "staleTimestamp",
      badSignature: fault === "badSignature",
    };
    this.#queue.put(delivery.id, delivery);
    if (fault === "duplicate") {
      const again = { ...delivery, id: randomUUID() };
      this.#queue.put(again.id, again);
    }
    if (!delivery.isHeldBack) this.#letGo(delivery);
  }

  /** What was held back goes out behind the event that came after it. */
  #letGo({ subjectId, dueAtMs }: Delivery): void {
    for (const held of this.#queue.values()) {
      if (!held.isHeldBack || held.subjectId !== subjectId) continue;
      this.#queue.remove(held.id);
      this.#queue.put(held.id, { ...held, isHeldBack: false, dueAtMs });
    }
  }

  get queued(): number {
    return this.#queue.values().length;
  }

  /** Oldest first. */
  attempts(): readonly WebhookAttempt[] {
    return this.#attempts;
  }

  /** Breaks off what is in flight; with a data folder it is delivered after the next start. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await Promise.all(this.#inFlight.values());
  }

  #deliverDue(): void {
    const untried = new Set<string>();
    for (const delivery of this.#queue.values()) {
      const { id, subjectId, attempts, dueAtMs } = delivery;
      const isBusy = this.#inFlight.has(id) || this.#inFlight.size >= MAX_IN_FLIGHT;
      const isDue = this.#account.nowMs >= dueAtMs && !untried.has(subjectId);
      if (attempts === 0 && !delivery.isHeldBack) untried.add(subjectId);
      if (isBusy || !isDue) continue;
      const done = this.#attempt(delivery).finally(() => this.#inFlight.delete(id));
      this.#inFlight.set(id, done);
    }
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { id, eventId, eventType, urls, attempts } = delivery;
    const choice = Math.floor(attempts / ATTEMPTS_PER_URL);
    const url = urls[choice];
    if (url === undefined) return this.#queue.remove(id);
    const status = await this.#post(url, delivery);
    if (this.#closing.signal.aborted) return;
    this.#attempts.push({
      eventId,
      eventType,
      attempt: attempts + 1,
      target: choice === 0 ? "webhook" : "failover",
      status,
    });
    if (this.#attempts.length > MAX_KEPT_ATTEMPTS) this.#attempts.shift();
    const isAcknowledged = status !== null && status >= 200 && status < 300;
    const isLast = attempts + 1 >= urls.length * ATTEMPTS_PER_URL;
    if (isAcknowledged || isLast) return this.#queue.remove(id);
    const dueAtMs = this.#account.nowMs + this.#account.settings.webhookRetryMs;
    this.#queue.put(id, { ...delivery, attempts: attempts + 1, dueAtMs });
  }

  async #post(url: string, delivery: Delivery): Promise<number | null> {
    const rawBody = JSON.stringify({
      data: {
        event_type: delivery.eventType,
        id: delivery.eventId,
        occurred_at: isoTime(delivery.occurredAtMs),
        payload: delivery.payload,
        record_type: "event",
      },
      meta: { attempt: delivery.attempts + 1, delivered_to: url },
    });
    const timeout = AbortSignal.timeout(this.#account.settings.webhookTimeoutMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: this.#signer.headers(rawBody, delivery),
        body: rawBody,
        redirect: "manual",
        signal: AbortSignal.any([timeout, this.#closing.signal]),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      // Unreachable, too slow or broken off: to the provider all of it is an attempt that failed.
      return null;
    }
  }
}
