import { openClock } from "../base/clock.ts";
import { serveDouble } from "../base/double-server.ts";
import type { FaultBook } from "../base/faults.ts";
import { openRecordStore } from "../base/record-store.ts";
import { Account } from "./account.ts";
import { agentRoutes, JOB_FAULTS } from "./agent-routes.ts";
import { Authorizer } from "./authorize.ts";
import { bankrControl } from "./control.ts";
import { badRequest, errorReply, throttled } from "./errors.ts";
import { type BankrState, inventory } from "./inventory.ts";
import { partnerRoutes } from "./partner-routes.ts";
import { RateWindow } from "./rate-window.ts";
import { SWAP_FAULTS, swapRoutes } from "./swap-routes.ts";
import { SUBMIT_FAULTS, walletRoutes } from "./wallet-routes.ts";

export const DEFAULT_PARTNER_KEY = "bk_ptr_local001_0123456789abcdef0123456789abcdef";

export interface BankrDoubleOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Where wallets, money and the clock's offset outlive the process; absent: in memory. */
  dataDir?: string;
  /** The one partner key that is accepted. */
  partnerKey?: string;
}

export interface BankrDouble {
  /** The API's base, as a client is given it. */
  url: string;
  partnerKey: string;
  faults: FaultBook;
  state(): BankrState;
  /** Breaks off requests in flight and frees port and data folder. */
  close(): Promise<void>;
}

/** Starts Bankr's partner, wallet and agent APIs with one partner organisation, or the one kept in `dataDir`. */
export async function startBankrDouble(options: BankrDoubleOptions = {}): Promise<BankrDouble> {
  const partnerKey = options.partnerKey ?? DEFAULT_PARTNER_KEY;
  const store = openRecordStore(options.dataDir, "bankr");
  try {
    const clock = openClock(store);
    const account = new Account(store, clock);
    const authorizer = new Authorizer(account, partnerKey);
    const writes = new RateWindow();
    const server = await serveDouble(
      {
        name: "bankr",
        routes: [
          ...partnerRoutes(account, authorizer),
          ...walletRoutes(account, authorizer, writes),
          ...swapRoutes(account, authorizer, writes),
          ...agentRoutes(account, authorizer),
        ],
        controlRoutes: bankrControl(account),
        providerFaults: [...SUBMIT_FAULTS, ...SWAP_FAULTS, ...JOB_FAULTS],
        inventory: () => inventory(account),
        errors: {
          notFound: (method, path) => errorReply(404, "Not Found", `Cannot ${method} ${path}`),
          badRequest,
          throttled,
        },
      },
      clock,
      options.port ?? 0,
    );
    return {
      url: server.origin,
      partnerKey,
      faults: server.faults,
      state: () => inventory(account),
      async close() {
        await server.close();
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
