import { type Static, Type } from "typebox";
import { type ManualKey, parseManualKey } from "../../activities/bankr/manual-key.ts";
import { ConfigError } from "../../infra/config/environment.ts";
import { Url } from "../../infra/config/platform-variables.ts";

/** The accounts that agents reach through the broker, as they have no key of their own there. */
export const BrokerVariables = {
  TELNYX_BASE_URL: Type.String({
    ...Url,
    default: "https://api.telnyx.com/v2",
    description: "Telnyx's API.",
  }),
  TELNYX_API_KEY: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      description: "Telnyx' key of the account; agents send messages with it through the broker. A secret.",
    }),
  ),
  BANKR_BASE_URL: Type.String({
    ...Url,
    default: "https://api.bankr.bot",
    description: "Bankr's API.",
  }),
  BANKR_API_KEY: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      description:
        "A Bankr key made by hand, of the one instance that BANKR_API_KEY_INSTANCE names. A secret.",
    }),
  ),
  BANKR_API_KEY_INSTANCE: Type.Optional(
    Type.String({ pattern: "^[a-z0-9]{12}$", description: "The instance that BANKR_API_KEY belongs to." }),
  ),
};

export interface BrokerConfig {
  readonly telnyxUrl: string;
  readonly telnyxKey: string | undefined;
  readonly bankrUrl: string;
  readonly bankrKey: ManualKey | undefined;
}

/** Throws a ConfigError when a key made by hand comes without its instance, or the other way round. */
export function brokerConfig(
  variables: {
    [Name in keyof typeof BrokerVariables]?: Static<(typeof BrokerVariables)[Name]> | undefined;
  },
  component: string,
): BrokerConfig {
  const { BANKR_API_KEY: key, BANKR_API_KEY_INSTANCE: instanceId } = variables;
  return {
    telnyxUrl: withoutSlash(variables.TELNYX_BASE_URL ?? ""),
    telnyxKey: variables.TELNYX_API_KEY,
    bankrUrl: withoutSlash(variables.BANKR_BASE_URL ?? ""),
    bankrKey: manualKey({ ...(key ? { key } : {}), ...(instanceId ? { instanceId } : {}) }, component),
  };
}

function manualKey(
  settings: { key?: string; instanceId?: string },
  component: string,
): ManualKey | undefined {
  try {
    return parseManualKey(settings);
  } catch {
    throw new ConfigError(component, ["BANKR_API_KEY and BANKR_API_KEY_INSTANCE are only usable together"]);
  }
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, "");
