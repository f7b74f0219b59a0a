import { Type } from "typebox";
import { Url } from "../infra/config/platform-variables.ts";

const Key = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: `${description} A secret.` }));
const BaseUrl = (provider: string, url: string) =>
  Type.String({ ...Url, default: url, description: `${provider}'s API.` });

/** The providers' accounts. Without a provider's key its skills are off, and nothing else changes. */
export const ProviderVariables = {
  OPENROUTER_BASE_URL: BaseUrl("OpenRouter", "https://openrouter.ai/api/v1"),
  OPENROUTER_MANAGEMENT_KEY: Type.String({
    minLength: 1,
    maxLength: 512,
    description: "Manages the agents' model keys; runs no model. A secret.",
  }),
  AGENTMAIL_BASE_URL: BaseUrl("AgentMail", "https://api.agentmail.to"),
  AGENTMAIL_API_KEY: Key("AgentMail's key of the organisation; makes the agents' mailboxes."),
  TELNYX_BASE_URL: BaseUrl("Telnyx", "https://api.telnyx.com/v2"),
  TELNYX_API_KEY: Key("Telnyx' key of the account; buys the agents' phone numbers."),
  TELNYX_WEBHOOK_URL: Type.Optional(
    Type.String({ ...Url, description: "Where Telnyx reports messages: the gateway's `/webhooks/telnyx`." }),
  ),
  BANKR_BASE_URL: BaseUrl("Bankr", "https://api.bankr.bot"),
  BANKR_PARTNER_KEY: Key("Bankr's partner key; makes the agents' wallets."),
};
