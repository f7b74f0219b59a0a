import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "./account.ts";
import type { MailEvent } from "./events.ts";
import type { WebhookRecord } from "./records.ts";

const ATTEMPT_TIMEOUT_MS = 15_000;
const MAX_DELIVERIES = 500;
const STALE_SECONDS = 600;

/** One event on its way to one webhook: what was sent how often and what came back, never a body. */
export interface Delivery {
  /** The same on every attempt. */
  svixId: string;
  webhookId: string;
  eventType: string;
  /** The status of each attempt, null when there was no answer. */
  attempts: (number | null)[];
  state: "waiting" | "delivered" | "failed" | "dropped";
}

/** Sends events to webhooks with a Svix signature and repeats what failed. What waits is lost with the process. */
export class WebhookSender {
  readonly #account: Account;
  readonly #stopped = new AbortController();
  readonly #deliveries: Delivery[] = [];
  #heldBack: (() => Promise<void>) | undefined;

  constructor(account: Account) {
    this.#account = account;
  }

  deliveries(): readonly Delivery[] {
    return this.#deliveries;
  }

  handle(event: MailEvent): void {
    for (const webhook of this.#account.webhooks.values()) {
      if (!webhook.event_types.includes(event.type)) continue;
      if (webhook.inbox_ids && !webhook.inbox_ids.includes(event.inboxId)) continue;
      this.#dispatch(webhook, event);
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  #dispatch(webhook: WebhookRecord, event: MailEvent): void {
    const misbehaviour = this.#account.settings.webhooks;
    const delivery: Delivery = {
      svixId: `msg_${randomBytes(16).toString("hex")}`,
      webhookId: webhook.webhook_id,
      eventType: event.type,
      attempts: [],
      state: misbehaviour === "drop" ? "dropped" : "waiting",
    };
    this.#deliveries.push(delivery);
    if (this.#deliveries.length > MAX_DELIVERIES) this.#deliveries.shift();
    if (misbehaviour === "drop") return;

    const send = () => this.#deliver(webhook, delivery, JSON.stringify(event.body));
    if (misbehaviour === "reorder" && !this.#heldBack) {
      this.#heldBack = send;
      return;
    }
    const heldBack = this.#heldBack;
    this.#heldBack = undefined;
    const sending = [send(), ...(misbehaviour === "duplicate" ? [send()] : [])];
    Promise.all(sending)
      .then(heldBack)
      .catch((error: unknown) => {
        // Only the end of the double breaks a delivery off; attempts that fail are counted in it.
        if (!this.#stopped.signal.aborted) throw error;
      });
  }

  async #deliver(webhook: WebhookRecord, delivery: Delivery, body: string): Promise<void> {
    const { webhookDelayMs, webhookRetryDelaysMs } = this.#account.settings;
    for (const delayMs of [webhookDelayMs, ...webhookRetryDelaysMs]) {
      await sleep(delayMs, undefined, { signal: this.#stopped.signal });
      const status = await this.#attempt(webhook, delivery.svixId, body);
      delivery.attempts.push(status);
      if (status !== null && status >= 200 && status < 300) {
        delivery.state = "delivered";
        return;
      }
    }
    delivery.state = "failed";
  }

  async #attempt(webhook: WebhookRecord, svixId: string, body: string): Promise<number | null> {
    const misbehaviour = this.#account.settings.webhooks;
    const age = misbehaviour === "stale-timestamp" ? STALE_SECONDS : 0;
    const timestamp = String(Math.floor(this.#account.clock.nowMs() / 1_000) - age);
    const secret = misbehaviour === "bad-signature" ? `whsec_${"A".repeat(32)}` : webhook.secret;
    try {
      const response = await fetch(webhook.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "svix-id": svixId,
          "svix-timestamp": timestamp,
          "svix-signature": svixSignature(secret, svixId, timestamp, body),
        },
        body,
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(ATTEMPT_TIMEOUT_MS), this.#stopped.signal]),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      // No answer, whatever the reason: the next attempt follows, and the delivery's record shows it.
      return null;
    }
  }
}

/** `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` under the secret's bytes. Source: Svix. */
function svixSignature(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
