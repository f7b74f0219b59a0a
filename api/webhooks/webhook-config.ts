import { createPublicKey, type KeyObject } from "node:crypto";
import { type Static, Type } from "typebox";
import { digest } from "../auth.ts";

/** What providers' webhooks are checked with. Without its variable a provider's webhooks are refused. */
export const WebhookVariables = {
  TELNYX_WEBHOOK_PUBLIC_KEY: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9+/]{43}=$",
      description: "Telnyx' public key of the account, 32 bytes in base64; checks `/webhooks/telnyx`.",
    }),
  ),
  AGENTMAIL_WEBHOOK_SECRET: Type.Optional(
    Type.String({
      pattern: "^whsec_[A-Za-z0-9+/]{16,128}={0,2}$",
      description:
        "Secret of AgentMail's webhook, where one is set up; checks `/webhooks/agentmail`. A secret.",
    }),
  ),
  RAILWAY_WEBHOOK_SECRET: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9_-]{32,100}$",
      description: "Last part of Railway's webhook URL, `/webhooks/railway/<secret>`. A secret.",
    }),
  ),
};

export interface WebhookKeys {
  readonly telnyx: KeyObject | undefined;
  readonly agentmail: Buffer | undefined;
  /** SHA-256 of the secret. */
  readonly railway: Buffer | undefined;
}

export function webhookKeys(
  variables: {
    [Name in keyof typeof WebhookVariables]?: Static<(typeof WebhookVariables)[Name]> | undefined;
  },
): WebhookKeys {
  const {
    TELNYX_WEBHOOK_PUBLIC_KEY: telnyx,
    AGENTMAIL_WEBHOOK_SECRET: agentmail,
    RAILWAY_WEBHOOK_SECRET: railway,
  } = variables;
  return {
    telnyx: telnyx === undefined ? undefined : ed25519(Buffer.from(telnyx, "base64")),
    agentmail: agentmail === undefined ? undefined : Buffer.from(agentmail.slice("whsec_".length), "base64"),
    railway: railway === undefined ? undefined : digest(railway),
  };
}

const ed25519 = (raw: Buffer): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
