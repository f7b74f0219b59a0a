import type { ProviderName } from "./doubles/providers.ts";
import type { Settings } from "./settings.ts";

interface Account {
  /** The setting whose presence says that the real provider is meant. */
  key: string;
  url: string;
  realUrl: string;
  /** The settings that a double's answer fills, by its own names. */
  fromDouble: Readonly<Record<string, string>>;
}

/** How each provider is reached: with its key in `.env` the real one, without it a double on this machine. */
const ACCOUNTS: Readonly<Record<ProviderName, Account>> = {
  openrouter: {
    key: "OPENROUTER_MANAGEMENT_KEY",
    url: "OPENROUTER_BASE_URL",
    realUrl: "https://openrouter.ai/api/v1",
    fromDouble: { url: "OPENROUTER_BASE_URL", managementKey: "OPENROUTER_MANAGEMENT_KEY" },
  },
  agentmail: {
    key: "AGENTMAIL_API_KEY",
    url: "AGENTMAIL_BASE_URL",
    realUrl: "https://api.agentmail.to",
    fromDouble: { url: "AGENTMAIL_BASE_URL", apiKey: "AGENTMAIL_API_KEY" },
  },
  telnyx: {
    key: "TELNYX_API_KEY",
    url: "TELNYX_BASE_URL",
    realUrl: "https://api.telnyx.com/v2",
    fromDouble: {
      url: "TELNYX_BASE_URL",
      apiKey: "TELNYX_API_KEY",
      publicKey: "TELNYX_WEBHOOK_PUBLIC_KEY",
    },
  },
  bankr: {
    key: "BANKR_PARTNER_KEY",
    url: "BANKR_BASE_URL",
    realUrl: "https://api.bankr.bot",
    fromDouble: { url: "BANKR_BASE_URL", partnerKey: "BANKR_PARTNER_KEY" },
  },
};
const NAMES: readonly ProviderName[] = ["openrouter", "agentmail", "telnyx", "bankr"];

/** The providers that nobody has given a key for. */
export const providersWithoutKey = (settings: Settings): readonly ProviderName[] =>
  NAMES.filter((name) => settings[ACCOUNTS[name].key] === undefined);

export const providersWithKey = (settings: Settings): readonly ProviderName[] =>
  NAMES.filter((name) => settings[ACCOUNTS[name].key] !== undefined);

/** The environment by which the platform reaches the doubles, from the line with which they said that they are ready. */
export function doublesEnvironment(
  names: readonly ProviderName[],
  ready: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of names) {
    const access = new Map<string, unknown>(Object.entries(Object(ready[name])));
    for (const [field, variable] of Object.entries(ACCOUNTS[name].fromDouble)) {
      const value = access.get(field);
      if (typeof value !== "string") throw new Error(`the doubles' ready line lacks ${name} ${field}`);
      environment[variable] = value;
    }
  }
  return environment;
}

/** The model provider's API, which agents are told as well. */
export const modelProviderUrl = (settings: Settings, doubles: Readonly<Record<string, string>>): string => {
  const { url, realUrl } = ACCOUNTS.openrouter;
  return doubles[url] ?? settings[url] ?? realUrl;
};
