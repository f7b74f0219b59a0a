import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";

export const CHANNEL_ID = "convos";
export const ACCOUNT_ID = "default";

/** The one account of this channel: where the agent's server listens and the token it accepts. */
export interface ConvosAccount {
  accountId: string;
  enabled: boolean;
  url: string;
  token: string;
}

export function resolveAccount(cfg: OpenClawConfig): ConvosAccount {
  const section: unknown = cfg.channels?.[CHANNEL_ID];
  const fields: Record<string, unknown> =
    typeof section === "object" && section !== null ? { ...section } : {};
  return {
    accountId: ACCOUNT_ID,
    enabled: fields.enabled !== false,
    url: typeof fields.url === "string" ? fields.url : "",
    token: typeof fields.token === "string" ? fields.token : "",
  };
}

export const isConfigured = (account: ConvosAccount): boolean => account.url !== "" && account.token !== "";
