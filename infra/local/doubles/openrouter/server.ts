import { openClock } from "../base/clock.ts";
import { serveDouble } from "../base/double-server.ts";
import type { FaultBook } from "../base/faults.ts";
import { openRecordStore } from "../base/record-store.ts";
import { Account } from "./account.ts";
import { accountRoutes } from "./account-routes.ts";
import { audioRoutes } from "./audio-routes.ts";
import { Authorizer } from "./authorize.ts";
import { COMPLETION_FAULTS, completionRoutes } from "./completion-routes.ts";
import { openRouterControl } from "./control.ts";
import { badRequest, errorReply, throttled } from "./errors.ts";
import { type KeyView, viewKey } from "./inventory.ts";
import { keyRoutes } from "./key-routes.ts";
import { Script } from "./model/script.ts";
import { SearchBook } from "./model/search-book.ts";
import { RequestRecorder } from "./request-recorder.ts";
import type { Settings } from "./settings.ts";

export const DEFAULT_MANAGEMENT_KEY = "local-management-key";

export interface OpenRouterDoubleOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Where keys, money and the clock's offset outlive the process; absent: in memory. */
  dataDir?: string;
  /** The one management key that is accepted. */
  managementKey?: string;
  /** Keep whole completion requests in memory for `GET /__double/openrouter/requests`. */
  recordRequests?: boolean;
}

/** What exists at the double: never a secret. Money is in USD. */
interface OpenRouterState {
  keys: KeyView[];
  totalCreditsUsd: number;
  spentUsd: number;
  settings: Settings;
}

export interface OpenRouterDouble {
  /** The API's base, as a client is given it: `http://127.0.0.1:<port>/api/v1`. */
  url: string;
  managementKey: string;
  faults: FaultBook;
  state(): OpenRouterState;
  /** Breaks off requests in flight and frees port and data folder. */
  close(): Promise<void>;
}

/** Starts an OpenRouter account with nothing but the management key, or the one kept in `dataDir`. */
export async function startOpenRouterDouble(
  options: OpenRouterDoubleOptions = {},
): Promise<OpenRouterDouble> {
  const managementKey = options.managementKey ?? DEFAULT_MANAGEMENT_KEY;
  const store = openRecordStore(options.dataDir, "openrouter");
  try {
    const clock = openClock(store);
    const account = new Account(store, clock);
    const authorizer = new Authorizer(account, managementKey);
    const stage = { book: new SearchBook(), script: new Script() };
    const recorder = new RequestRecorder(options.recordRequests ?? false);
    const state = (): OpenRouterState => ({
      keys: account.keys().map((key) => viewKey(key, account.nowMs)),
      totalCreditsUsd: account.settings.totalCreditsUsd,
      spentUsd: account.spentUsd,
      settings: account.settings,
    });
    const server = await serveDouble(
      {
        name: "openrouter",
        routes: [
          ...keyRoutes(account, authorizer),
          ...accountRoutes(account, authorizer),
          ...audioRoutes(account, authorizer),
          ...completionRoutes(account, authorizer, stage, (request) => recorder.add(request)),
        ],
        controlRoutes: openRouterControl(account, recorder, stage),
        providerFaults: COMPLETION_FAULTS,
        inventory: state,
        errors: { notFound: () => errorReply(404, "not_found", "Not Found"), badRequest, throttled },
      },
      clock,
      options.port ?? 0,
    );
    return {
      url: `${server.origin}/api/v1`,
      managementKey,
      faults: server.faults,
      state,
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
