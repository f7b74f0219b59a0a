import { openClock } from "../base/clock.ts";
import { serveDouble } from "../base/double-server.ts";
import type { FaultBook } from "../base/faults.ts";
import { openRecordStore } from "../base/record-store.ts";
import { Account } from "./account.ts";
import { withKey } from "./authorize.ts";
import { availableNumberRoutes } from "./available-numbers.ts";
import { balanceRoutes } from "./balance-routes.ts";
import { telnyxControl } from "./control.ts";
import { badRequest, notFound, throttled } from "./errors.ts";
import { stateOf, type TelnyxState } from "./inventory.ts";
import { messageRoutes } from "./message-routes.ts";
import { numberRoutes } from "./number-routes.ts";
import { ORDER_FAULTS, orderRoutes } from "./order-routes.ts";
import { profileRoutes } from "./profile-routes.ts";
import { WebhookSigner } from "./signing.ts";
import { WebhookFaults } from "./webhook-faults.ts";
import { WebhookSender } from "./webhook-sender.ts";

export const DEFAULT_API_KEY = "KEY-local-telnyx";

export interface TelnyxDoubleOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Where everything outlives the process; absent: in memory. */
  dataDir?: string;
  /** The one key that is accepted. */
  apiKey?: string;
}

export interface TelnyxDouble {
  /** The API's base, as the SDK is given it: `http://127.0.0.1:<port>/v2`. */
  url: string;
  apiKey: string;
  /** The key that webhooks are checked with: base64 of 32 raw bytes. */
  publicKey: string;
  faults: FaultBook;
  webhookFaults: WebhookFaults;
  state(): TelnyxState;
  /** Breaks off requests and webhooks in flight and frees port and data folder. */
  close(): Promise<void>;
}

/** Starts a Telnyx account without numbers and profiles, or the one kept in `dataDir`. */
export async function startTelnyxDouble(options: TelnyxDoubleOptions = {}): Promise<TelnyxDouble> {
  const apiKey = options.apiKey ?? DEFAULT_API_KEY;
  const store = openRecordStore(options.dataDir, "telnyx");
  let webhooks: WebhookSender | undefined;
  try {
    const clock = openClock(store);
    const account = new Account(store, clock);
    const signer = new WebhookSigner(store);
    const webhookFaults = new WebhookFaults();
    const sender = new WebhookSender(store, account, signer, webhookFaults);
    webhooks = sender;
    const state = () => stateOf(account, sender.queued);
    const server = await serveDouble(
      {
        name: "telnyx",
        routes: withKey(apiKey, [
          ...availableNumberRoutes(account),
          ...orderRoutes(account),
          ...numberRoutes(account),
          ...profileRoutes(account),
          ...messageRoutes(account, sender),
          ...balanceRoutes(account),
        ]),
        controlRoutes: telnyxControl(account, sender, webhookFaults),
        providerFaults: ORDER_FAULTS,
        inventory: state,
        errors: { notFound, badRequest, throttled },
      },
      clock,
      options.port ?? 0,
    );
    return {
      url: `${server.origin}/v2`,
      apiKey,
      publicKey: signer.publicKey,
      faults: server.faults,
      webhookFaults,
      state,
      async close() {
        await sender.close();
        await server.close();
        store.close();
      },
    };
  } catch (error) {
    await webhooks?.close();
    store.close();
    throw error;
  }
}
