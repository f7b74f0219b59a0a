import { createHmac } from "node:crypto";
import { startAgentMailDouble } from "./agentmail/server.ts";
import { startBankrDouble } from "./bankr/server.ts";
import { startOpenRouterDouble } from "./openrouter/server.ts";
import { startTelnyxDouble } from "./telnyx/server.ts";

export interface DoubleStart {
  /** 0: a free one. */
  port: number;
  /** Where its state outlives the process; undefined: in memory. */
  dataDir: string | undefined;
  /** What its credentials are made from; undefined: the ones that everybody knows. */
  secret: string | undefined;
  /** Keep whole requests to the models for tests to look at. */
  recordRequests: boolean;
}

export interface RunningDouble {
  /** The URL and what a client needs to be let in. */
  access: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Hex digits that differ by provider and cannot be guessed without the secret. */
const derive = (secret: string, provider: string): string =>
  createHmac("sha256", secret).update(provider).digest("hex");

const common = ({ port, dataDir }: DoubleStart) => ({ port, ...(dataDir === undefined ? {} : { dataDir }) });

/** The providers that have a double, and how each is started. */
export const PROVIDER_DOUBLES = {
  async openrouter(start: DoubleStart): Promise<RunningDouble> {
    const { secret, recordRequests } = start;
    const managementKey = secret && `sk-or-v1-local-${derive(secret, "openrouter")}`;
    const double = await startOpenRouterDouble({
      ...common(start),
      recordRequests,
      ...(managementKey === undefined ? {} : { managementKey }),
    });
    return { access: { url: double.url, managementKey: double.managementKey }, close: () => double.close() };
  },

  async agentmail(start: DoubleStart): Promise<RunningDouble> {
    const apiKey = start.secret && `am_local_${derive(start.secret, "agentmail")}`;
    const double = await startAgentMailDouble({ ...common(start), ...(apiKey ? { apiKey } : {}) });
    return { access: { url: double.url, apiKey: double.apiKey }, close: () => double.close() };
  },

  async telnyx(start: DoubleStart): Promise<RunningDouble> {
    const apiKey = start.secret && `KEY${derive(start.secret, "telnyx").toUpperCase()}`;
    const double = await startTelnyxDouble({ ...common(start), ...(apiKey ? { apiKey } : {}) });
    const { url, publicKey } = double;
    return { access: { url, apiKey: double.apiKey, publicKey }, close: () => double.close() };
  },

  async bankr(start: DoubleStart): Promise<RunningDouble> {
    const hex = start.secret && derive(start.secret, "bankr");
    const partnerKey = hex && `bk_ptr_${hex.slice(0, 8)}_${hex.slice(8, 40)}`;
    const double = await startBankrDouble({ ...common(start), ...(partnerKey ? { partnerKey } : {}) });
    return { access: { url: double.url, partnerKey: double.partnerKey }, close: () => double.close() };
  },
};
export type ProviderName = keyof typeof PROVIDER_DOUBLES;
